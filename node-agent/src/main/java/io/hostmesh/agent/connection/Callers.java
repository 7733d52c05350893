package io.hostmesh.agent.connection;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;

/** Tells who opened a connection. On the channel's event loop; within microseconds. */
@FunctionalInterface
public interface Callers {
  /**
   * @param accepted the redirected connection
   * @param destination where the caller thinks it is connected
   */
  Caller attest(Channel accepted, InetSocketAddress destination);
}
