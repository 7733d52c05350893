package io.hostmesh.pilot.intentions;

import io.hostmesh.model.rules.Grant;
import java.util.List;

/**
 * What Consul says of calls from one service to another; each may be {@value #ANY} for all.
 *
 * @param revision the index at which its config entry was written last
 */
record Intention(String destination, String source, Effect effect, long revision) {
  static final String ANY = "*";

  /** What becomes of the calls. */
  sealed interface Effect {
    record Allow() implements Effect {}

    record Deny() implements Effect {}

    /** The first that holds a request decides; of a request that none holds nothing is said. */
    record ByRequest(List<Permission> permissions) implements Effect {
      public ByRequest {
        permissions = List.copyOf(permissions);
      }
    }

    /** It says what cannot be judged here, so all these calls are denied. */
    record Refused(String why) implements Effect {}
  }

  /**
   * Requests that are allowed or denied: those that the shape holds and no exception does.
   *
   * @param unless each with exactly one header, since only headers can be inverted
   */
  record Permission(boolean allow, Grant.Shape shape, List<Grant.Shape> unless) {
    Permission {
      unless = List.copyOf(unless);
    }
  }

  /** As messages call it. */
  String title() {
    return "Consul intention " + source + " -> " + destination;
  }
}
