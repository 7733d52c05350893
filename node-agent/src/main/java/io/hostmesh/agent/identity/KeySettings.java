package io.hostmesh.agent.identity;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.identity.KeyPairs.Curve;
import io.hostmesh.runtime.identity.KeyPairs.Kind;

/**
 * Of which kinds the keys of this host's services are: the object {@code keys} of the agent's
 * configuration.
 *
 * @param services {@code services}: with which the agent speaks for them in the mesh
 * @param applications {@code applications}: of what applications fetch for themselves
 */
public record KeySettings(Curve services, Kind applications) {
  /**
   * Reads the object.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a kind is none
   */
  public static KeySettings read(Section section) {
    return new KeySettings(
        section.choice("services", Curve.class, Curve.P256),
        section.choice("applications", Kind.class, Kind.P256));
  }
}
