package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import java.util.List;
import java.util.Set;

/**
 * Who may call a service. What no grant allows is denied, so a rule without grants closes the
 * service.
 */
public record AccessRule(ServiceName service, List<Grant> allow, Origin origin) implements Rule {
  public AccessRule {
    allow = List.copyOf(allow);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.ACCESS;
  }

  /** Whether deciding needs a request, so that bare connections must be refused. */
  public boolean needsRequests() {
    return allow.stream().anyMatch(Grant::needsRequests);
  }

  /**
   * @param from the callers; empty for every identity of the mesh
   * @param methods upper-case HTTP methods; empty for all
   * @param paths empty for all
   */
  public record Grant(
      Set<ServiceName> from, Set<String> methods, List<PathPattern> paths, Origin origin) {
    public Grant {
      from = Set.copyOf(from);
      methods = Set.copyOf(methods);
      paths = List.copyOf(paths);
    }

    public boolean needsRequests() {
      return !methods.isEmpty() || !paths.isEmpty();
    }
  }
}
