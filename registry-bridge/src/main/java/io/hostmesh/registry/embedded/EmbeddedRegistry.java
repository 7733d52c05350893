package io.hostmesh.registry.embedded;

import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * A running embedded registry. It serves the subset of Consul's HTTP API that the mesh uses, so
 * that the same client talks to it and to Consul; it is one process, has no replicas and no access
 * control, and is not for production. Methods block, and are for any thread but an event loop.
 */
public final class EmbeddedRegistry implements AutoCloseable {
  private static final long SECONDS = 10;

  private final Vertx vertx;
  private final RegistryServer server;
  private final String deployment;
  private final String host;

  private EmbeddedRegistry(Vertx vertx, RegistryServer server, String deployment, String host) {
    this.deployment = deployment;
    this.vertx = vertx;
    this.server = server;
    this.host = host;
  }

  /**
   * Starts, and returns when it listens.
   *
   * @throws UserError where the address or the folder cannot be used
   */
  public static EmbeddedRegistry start(
      Vertx vertx, EmbeddedSettings settings, Clock clock, RandomGenerator random) {
    RegistryServer server = new RegistryServer(settings, clock, random);
    String deployment;
    try {
      deployment =
          vertx
              .deployVerticle(server)
              .toCompletionStage()
              .toCompletableFuture()
              .get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UserError mistake) {
        throw mistake;
      }
      throw new UserError(
          "listen = "
              + new HostPort(settings.host(), settings.port())
              + ": "
              + reason(e)
              + "; is another registry running there?",
          e);
    } catch (TimeoutException e) {
      throw new UserError("the registry did not start within " + SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    }
    return new EmbeddedRegistry(vertx, server, deployment, settings.host());
  }

  /** The kernel's own words, without those of the layers above it. */
  private static String reason(ExecutionException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.substring(message.lastIndexOf(": ") + 1).strip();
  }

  public int port() {
    return server.port();
  }

  /** {@code host:port}, for a client. */
  public String address() {
    return new HostPort(host, port()).toString();
  }

  /** Writes what is to be kept and stops listening. */
  @Override
  public void close() {
    try {
      vertx
          .undeploy(deployment)
          .toCompletionStage()
          .toCompletableFuture()
          .get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the registry did not end cleanly", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    }
  }
}
