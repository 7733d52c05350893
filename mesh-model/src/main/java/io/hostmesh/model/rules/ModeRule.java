package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;
import java.util.Map;
import java.util.Optional;

/**
 * Whether callers without an identity get in. The narrowest scope that says something of a port
 * decides.
 *
 * @param mode of all ports that are not named; empty where only these are ruled
 * @param ports of the service's own ports
 */
public record ModeRule(
    Scope scope, Optional<MeshMode> mode, Map<Integer, MeshMode> ports, Origin origin)
    implements Rule {
  public ModeRule {
    ports = Map.copyOf(ports);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.MODE;
  }

  /** What this rule says of a port, if anything. */
  public Optional<MeshMode> of(int port) {
    return Optional.ofNullable(ports.get(port)).or(() -> mode);
  }

  /** What holds in place of a document that cannot be read: the strictest. */
  public static ModeRule standIn(Scope scope, Origin origin) {
    return new ModeRule(scope, Optional.of(MeshMode.STRICT), Map.of(), origin);
  }
}
