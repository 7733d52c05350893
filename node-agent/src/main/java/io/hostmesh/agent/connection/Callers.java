package io.hostmesh.agent.connection;

import java.net.InetSocketAddress;

/** Tells who opened a connection. Any thread; within microseconds. */
@FunctionalInterface
public interface Callers {
  /**
   * @param client the caller's own address
   * @param destination where the caller thinks it is connected
   */
  Caller attest(InetSocketAddress client, InetSocketAddress destination);
}
