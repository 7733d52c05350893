package io.hostmesh.registry.testing;

import io.hostmesh.registry.embedded.EmbeddedRegistry;
import io.hostmesh.registry.embedded.EmbeddedSettings;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** An embedded registry in this process, on a free port, with nothing on disk. */
public final class EmbeddedUnderTest implements RegistryUnderTest {
  private final Vertx vertx = Vertx.vertx();
  private EmbeddedSettings settings;
  private @Nullable EmbeddedRegistry running;

  private EmbeddedUnderTest(EmbeddedSettings settings) {
    this.settings = settings;
  }

  public static EmbeddedUnderTest start() {
    return start(EmbeddedSettings.ephemeral());
  }

  public static EmbeddedUnderTest start(EmbeddedSettings settings) {
    EmbeddedUnderTest registry = new EmbeddedUnderTest(settings);
    registry.startEmpty();
    return registry;
  }

  @Override
  public String address() {
    return "127.0.0.1:" + settings.port();
  }

  @Override
  public void startEmpty() {
    EmbeddedRegistry started =
        EmbeddedRegistry.start(vertx, settings, Clock.systemUTC(), RandomGenerator.getDefault());
    settings = settings.withPort(started.port());
    running = started;
  }

  @Override
  public void stop() {
    EmbeddedRegistry started = running;
    if (started != null) {
      started.close();
      running = null;
    }
  }

  @Override
  public void close() {
    stop();
    try {
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
