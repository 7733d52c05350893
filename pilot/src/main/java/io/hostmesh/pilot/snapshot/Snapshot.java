package io.hostmesh.pilot.snapshot;

import com.google.protobuf.ByteString;
import io.hostmesh.api.ResourceType;
import io.hostmesh.model.ServiceName;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The whole mesh as agents are told of it at one moment. Immutable, for any thread.
 *
 * @param version a hash of everything in it: pilots that know the same have the same
 * @param entitled the services that each node may claim, which decides who sees an access policy
 * @param problems what is wrong with the catalog, one line each
 */
public record Snapshot(
    String version,
    Map<ResourceType, SortedMap<String, Resource>> resources,
    SortedMap<String, SortedSet<ServiceName>> entitled,
    List<String> problems) {

  public Snapshot {
    resources = Collections.unmodifiableMap(new EnumMap<>(resources));
    problems = List.copyOf(problems);
  }

  static Snapshot of(
      Iterable<Resource> resources,
      SortedMap<String, SortedSet<ServiceName>> entitled,
      List<String> problems) {
    Map<ResourceType, SortedMap<String, Resource>> byType = new EnumMap<>(ResourceType.class);
    for (ResourceType type : ResourceType.values()) {
      byType.put(type, new TreeMap<>());
    }
    for (Resource resource : resources) {
      names(byType, resource.type()).put(resource.name(), resource);
    }
    byType.replaceAll((_, names) -> Collections.unmodifiableSortedMap(names));
    return new Snapshot(version(byType, entitled), byType, entitled, problems);
  }

  private static SortedMap<String, Resource> names(
      Map<ResourceType, SortedMap<String, Resource>> byType, ResourceType type) {
    SortedMap<String, Resource> names = byType.get(type);
    if (names == null) {
      throw new IllegalArgumentException("no resources of type " + type);
    }
    return names;
  }

  private static String version(
      Map<ResourceType, SortedMap<String, Resource>> byType,
      SortedMap<String, SortedSet<ServiceName>> entitled) {
    StringBuilder all = new StringBuilder();
    byType.forEach(
        (type, names) ->
            names.forEach(
                (name, resource) ->
                    all.append(type)
                        .append(' ')
                        .append(name)
                        .append(' ')
                        .append(resource.version())
                        .append('\n')));
    entitled.forEach(
        (node, services) -> all.append(node).append(' ').append(services).append('\n'));
    return Resource.hash(ByteString.copyFromUtf8(all.toString()));
  }

  public SortedMap<String, Resource> all(ResourceType type) {
    return names(resources, type);
  }

  /** What a node may see: everything, but access policies only of services that it may claim. */
  public ResourceView viewOf(String node) {
    Set<ServiceName> claimed = entitled.getOrDefault(node, Collections.emptySortedSet());
    SortedMap<String, Resource> policies = new TreeMap<>();
    for (ServiceName service : claimed) {
      Resource policy = all(ResourceType.ACCESS_POLICY).get(service.full());
      if (policy != null) {
        policies.put(policy.name(), policy);
      }
    }
    return new View(this, Collections.unmodifiableSortedMap(policies));
  }

  private record View(Snapshot snapshot, SortedMap<String, Resource> policies)
      implements ResourceView {
    @Override
    public String version() {
      return snapshot.version();
    }

    @Override
    public Optional<Resource> get(ResourceType type, String name) {
      return Optional.ofNullable(all(type).get(name));
    }

    @Override
    public SortedMap<String, Resource> all(ResourceType type) {
      return type == ResourceType.ACCESS_POLICY ? policies : snapshot.all(type);
    }
  }
}
