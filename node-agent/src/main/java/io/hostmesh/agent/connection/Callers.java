package io.hostmesh.agent.connection;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** Tells who opened a connection. On the channel's event loop; within microseconds. */
@FunctionalInterface
public interface Callers {
  /**
   * @param accepted the redirected connection
   * @param destination where the caller thinks it is connected
   */
  Caller attest(Channel accepted, InetSocketAddress destination);

  /**
   * The same where it may take longer, since more than the kernel must be asked.
   *
   * @param then called once, at once or later on the channel's loop; not where the channel has
   *     closed meanwhile
   */
  default void attest(Channel accepted, InetSocketAddress destination, Consumer<Caller> then) {
    then.accept(attest(accepted, destination));
  }
}
