package io.hostmesh.agent.workload;

import java.util.Optional;

/**
 * To whom a socket belongs, as far as the kernel says.
 *
 * @param uid of the socket's creator
 * @param cgroup the creator's control group as a path from the cgroup2 mount, as in {@code
 *     /system.slice/web.service}; empty where the group is gone or was never seen
 */
public record SocketOwner(int uid, Optional<String> cgroup) {
  /** For messages. */
  @Override
  public String toString() {
    return "uid " + Integer.toUnsignedString(uid) + " in " + cgroup.orElse("an unknown cgroup");
  }
}
