package io.hostmesh.agent.discovery;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Upstream;
import java.util.List;
import java.util.Optional;

/** What a resource says, compiled when it arrives. Immutable. */
sealed interface Content {
  record Settings(MeshSettings settings) implements Content {}

  record Listing(DirectoryEntry entry) implements Content {}

  record Members(ServiceName service, List<Endpoint> endpoints) implements Content {
    public Members {
      endpoints = List.copyOf(endpoints);
    }
  }

  record Routing(ServiceName service, RouteTable table) implements Content {}

  /**
   * What is judged together.
   *
   * @param rule without lists and default where there is no access rule
   */
  record Access(
      AccessRule rule,
      Optional<AuthenticationRule> authentication,
      Optional<ExternalAuthorizationRule> external)
      implements Content {}

  record Mode(ModeRule rule) implements Content {}

  record Upstreams(Upstream sections) implements Content {}

  record Limits(LimitRule rule) implements Content {}
}
