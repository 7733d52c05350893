package io.hostmesh.runtime.admin;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.hocon.Section;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who of a host's users may ask a daemon of it, and for what: root and the daemon's own user all,
 * others what the configuration gives their user or one of their groups. Immutable.
 *
 * @param members by role; a user of several roles has the highest
 */
public record AdminAccess(Map<OperatorRole, Members> members) {
  /** Root and the daemon's own user only. */
  public static final AdminAccess OWNER = new AdminAccess(Map.of());

  /**
   * @param users names or numbers
   * @param groups names or numbers
   */
  public record Members(Set<String> users, Set<String> groups) {
    public Members {
      users = Set.copyOf(users);
      groups = Set.copyOf(groups);
    }

    private boolean has(Peer peer, Accounts accounts) {
      return users.contains(String.valueOf(peer.uid()))
          || (!users.isEmpty() && accounts.user(peer.uid()).filter(users::contains).isPresent())
          || (!groups.isEmpty()
              && !Collections.disjoint(groups, accounts.groups(peer.uid(), peer.gid())));
    }
  }

  public AdminAccess {
    members = Map.copyOf(members);
  }

  /** Reads {@code viewers}, {@code editors} and {@code admins} of the object {@code admin}. */
  public static AdminAccess read(Section section) {
    Map<OperatorRole, Members> members = new EnumMap<>(OperatorRole.class);
    for (OperatorRole role : OperatorRole.values()) {
      Section named = section.section(role.text() + "s");
      members.put(
          role,
          new Members(Set.copyOf(named.strings("users")), Set.copyOf(named.strings("groups"))));
    }
    return new AdminAccess(members);
  }

  /**
   * @return empty where the peer may ask nothing
   */
  Optional<OperatorRole> role(Peer peer, int ownUid, Accounts accounts) {
    if (peer.uid() == 0 || peer.uid() == ownUid) {
      return Optional.of(OperatorRole.ADMIN);
    }
    return members.entrySet().stream()
        .filter(entry -> entry.getValue().has(peer, accounts))
        .map(Map.Entry::getKey)
        .max(OperatorRole::compareTo);
  }
}
