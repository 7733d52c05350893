package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gives each service of the lab a user of its own, the same on every host. Safe for any thread. */
final class Uids {
  private static final int COUNT = 100;

  private final int first;
  private final Map<String, Integer> byName = new LinkedHashMap<>();

  Uids(LabId id) {
    this.first = id.firstUid();
    byName.put("hostmesh-agent", first);
  }

  /** The agents' user. */
  int agent() {
    return first;
  }

  /** The service's user; a new one where it has none yet. */
  synchronized int of(String service) {
    String user = "svc-" + service;
    Integer known = byName.get(user);
    if (known != null) {
      return known;
    }
    if (byName.size() == COUNT) {
      throw new UserError("a lab has room for " + (COUNT - 1) + " services");
    }
    int uid = first + byName.size();
    byName.put(user, uid);
    return uid;
  }

  /** All users by name. */
  synchronized Map<String, Integer> all() {
    return Map.copyOf(byName);
  }
}
