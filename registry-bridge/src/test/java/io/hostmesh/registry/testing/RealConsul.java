package io.hostmesh.registry.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Consul on the loopback address, from where there is one: {@code consul} on PATH, a Docker
 * engine that has the image, or a build through the Go module proxy by {@code tools/consul/build}.
 */
public interface RealConsul extends RegistryUnderTest {
  /** Set by {@code ./verify --without-consul}: the only way to leave tests on a real Consul out. */
  String WITHOUT = "hostmesh.without-consul";

  /** The version that is built, and the tag of the image. */
  String VERSION = "1.22.3";

  /**
   * Starts one.
   *
   * @throws AssertionError where none can be had, which says how to get one
   */
  static RealConsul start() {
    Assumptions.assumeFalse(Boolean.getBoolean(WITHOUT), "left out by --without-consul");
    Optional<Path> onPath = ConsulBinary.onPath();
    if (onPath.isPresent()) {
      return ConsulProcess.start(onPath.get());
    }
    if (ConsulInContainer.isAvailable()) {
      return ConsulInContainer.start();
    }
    return ConsulProcess.start(ConsulBinary.built());
  }

  /**
   * The program itself, for tests that start agents of their own.
   *
   * @throws AssertionError where none can be had, which says how to get one
   */
  static Path binary() {
    Assumptions.assumeFalse(Boolean.getBoolean(WITHOUT), "left out by --without-consul");
    return ConsulBinary.onPath().orElseGet(ConsulBinary::built);
  }

  @Override
  void close() throws IOException;
}
