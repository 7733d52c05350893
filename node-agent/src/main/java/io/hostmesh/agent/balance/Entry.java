package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;

/**
 * An instance of a list.
 *
 * @param sinceNanos when it came, or became healthy again
 */
record Entry(Candidate candidate, long sinceNanos) {
  /** As the registry's checks say. */
  boolean passes() {
    return candidate.endpoint().healthy();
  }

  boolean ejected(long nowNanos) {
    return candidate.member().ejected(nowNanos);
  }

  int weight() {
    return candidate.endpoint().weight();
  }

  /** Unique in a service, the same on every host, and not an address, which may change. */
  String name() {
    return candidate.endpoint().node() + "/" + candidate.endpoint().instance();
  }
}
