package io.hostmesh.agent.workload;

import java.util.Optional;

/** Whether the application's end of a connection belongs to the service it is dialled for. */
public sealed interface ListenerAttestation {
  /** It does: bytes may go to it. */
  record Owned(SocketOwner owner) implements ListenerAttestation {}

  /**
   * It belongs to someone else, who took the port of a service that is not running: no byte may go
   * to it, and someone should know.
   *
   * @param owner empty where the kernel no longer tells
   * @param detail what its processes are, or why that is not known; empty where the owner says all
   */
  record Foreign(Optional<SocketOwner> owner, WorkloadSelector expected, String detail)
      implements ListenerAttestation {
    public Foreign(Optional<SocketOwner> owner, WorkloadSelector expected) {
      this(owner, expected, "");
    }

    /** For the log and the caller. */
    public String reason() {
      return "the port is held by "
          + owner.map(SocketOwner::toString).orElse("a socket that has no owner any more")
          + (detail.isEmpty() ? "" : " (" + detail + ")")
          + ", not by "
          + expected;
    }
  }
}
