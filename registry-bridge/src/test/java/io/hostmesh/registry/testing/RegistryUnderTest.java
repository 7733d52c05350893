package io.hostmesh.registry.testing;

import java.io.IOException;

/** A registry that a test may stop and start. */
public interface RegistryUnderTest extends AutoCloseable {
  /** {@code host:port} of its HTTP API, the same after every start. */
  String address();

  /** Stops it as if it were killed; its state is lost. */
  void stop();

  /** Starts it again, empty, at the same address; returns when it answers. */
  void startEmpty();

  @Override
  void close() throws IOException;
}
