package io.hostmesh.agent.discovery;

import io.hostmesh.agent.routing.RouteTable;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.ModeRule;
import java.util.List;

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

  record Access(AccessRule rule) implements Content {}

  record Mode(ModeRule rule) implements Content {}
}
