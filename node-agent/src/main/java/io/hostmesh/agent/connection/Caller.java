package io.hostmesh.agent.connection;

import io.hostmesh.model.ServiceName;
import java.util.Optional;

/** Who opened a connection, as the kernel tells it. */
public sealed interface Caller {
  /** A process of a declared service of this host. */
  record Service(ServiceName service) implements Caller {}

  /**
   * A process of this host that has no identity.
   *
   * @param process for messages: who it is and why it has none, for instance {@code the process of
   *     uid 1000 in cgroup /user.slice/...}
   */
  record Unknown(String process) implements Caller {}

  /**
   * None of this host's.
   *
   * @param doubt for messages: why it may be on this host nevertheless
   */
  record Remote(Optional<String> doubt) implements Caller {}
}
