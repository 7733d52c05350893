package io.hostmesh.agent.discovery;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a response of pilot makes of what the agent knows. Pure: the same state and response give
 * the same step. A resource that cannot be used is refused by itself: the last good one of its name
 * stays, and the others of the response are taken.
 */
final class DiscoveryReducer {
  private DiscoveryReducer() {}

  /**
   * @param state what holds from now on; the same object where nothing changed
   * @param refused one sentence for each resource that cannot be used: the reason of a NACK
   * @param unknown what a newer pilot sent that this agent does not know, and ignores
   */
  record Step(DiscoveryState state, List<String> refused, List<String> unknown) {
    Step {
      refused = List.copyOf(refused);
      unknown = List.copyOf(unknown);
    }
  }

  static Step reduce(DiscoveryState state, DeltaDiscoveryResponse response) {
    Optional<ResourceType> type = ResourceType.of(response.getTypeUrl());
    return type.isPresent()
        ? reduce(state, type.get(), response)
        : new Step(
            state, List.of(), List.of("resources of the unknown kind " + response.getTypeUrl()));
  }

  private static Step reduce(
      DiscoveryState state, ResourceType type, DeltaDiscoveryResponse response) {
    Held before = state.of(type);
    Map<String, Accepted> byName = new HashMap<>(before.byName());
    Set<String> absent = new HashSet<>(before.absent());
    List<String> refused = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    for (Resource resource : response.getResourcesList()) {
      try {
        Content content = ResourceCompiler.compile(type, resource, unknown);
        byName.put(
            resource.getName(),
            new Accepted(resource.getVersion(), resource.getResource(), content));
        absent.remove(resource.getName());
      } catch (UnusableResource e) {
        refused.add(resource.getName() + ": " + e.getMessage());
      }
    }
    for (String name : response.getRemovedResourcesList()) {
      byName.remove(name);
      if (!type.forEveryone()) {
        absent.add(name);
      }
    }
    boolean same = byName.equals(before.byName()) && absent.equals(before.absent());
    return new Step(same ? state : state.with(type, new Held(byName, absent)), refused, unknown);
  }
}
