package io.hostmesh.agent.local;

import io.hostmesh.model.ServiceName;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Whether whoever accepts a check's connection is the instance itself. On event loops. */
@FunctionalInterface
public interface Owners {
  /**
   * @param local our end
   * @param remote the application's end
   * @return who listens there instead, as a sentence
   */
  Optional<String> refusal(
      ServiceName service, String instance, InetSocketAddress local, InetSocketAddress remote);
}
