package io.hostmesh.agent.inbound;

import java.net.InetSocketAddress;
import java.util.Optional;

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
}
