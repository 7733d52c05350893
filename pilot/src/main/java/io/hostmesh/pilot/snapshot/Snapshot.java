package io.hostmesh.pilot.snapshot;

import com.google.protobuf.ByteString;
import io.hostmesh.api.ResourceType;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Scope;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
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

  /** Kinds of which a node sees those of the services that it may claim. */
  private static final Set<ResourceType> CLAIMED =
      EnumSet.of(ResourceType.ACCESS_POLICY, ResourceType.MODE_POLICY, ResourceType.LIMIT_POLICY);

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

  /**
   * What a node may see: everything, but access policies, modes and limits only of services that it
   * may claim, those of their namespaces and of the mesh included.
   */
  public ResourceView viewOf(String node) {
    Set<String> names = new HashSet<>();
    for (ServiceName service : entitled.getOrDefault(node, Collections.emptySortedSet())) {
      Scope.around(service).forEach(scope -> names.add(scope.path()));
    }
    Map<ResourceType, SortedMap<String, Resource>> claimed = new EnumMap<>(ResourceType.class);
    for (ResourceType type : CLAIMED) {
      SortedMap<String, Resource> policies = new TreeMap<>();
      for (String name : names) {
        Resource policy = all(type).get(name);
        if (policy != null) {
          policies.put(name, policy);
        }
      }
      claimed.put(type, Collections.unmodifiableSortedMap(policies));
    }
    return new View(this, claimed);
  }

  private record View(Snapshot snapshot, Map<ResourceType, SortedMap<String, Resource>> claimed)
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
      SortedMap<String, Resource> own = claimed.get(type);
      return own == null ? snapshot.all(type) : own;
    }
  }
}
