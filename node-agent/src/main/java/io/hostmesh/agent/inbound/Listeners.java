package io.hostmesh.agent.inbound;

import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;

/** Whether whoever accepted a connection is the instance that it was meant for. Any thread. */
@FunctionalInterface
public interface Listeners {
  /**
   * Judges a fresh connection before its first byte, within microseconds.
   *
   * @param local our end
   * @param remote the application's end
   * @return who listens there instead, as a sentence
   */
  Optional<String> refusal(
      LocalInstance instance, InetSocketAddress local, InetSocketAddress remote);

  /**
   * The same where it may take longer, since more than the kernel must be asked.
   *
   * @param then called once, at once or later on the loop
   */
  default void judge(
      LocalInstance instance,
      InetSocketAddress local,
      InetSocketAddress remote,
      EventLoop loop,
      Consumer<Optional<String>> then) {
    then.accept(refusal(instance, local, remote));
  }
}
