package io.hostmesh.pilot;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.pilot.snapshot.MeshTerms;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Small pieces of a mesh for tests. */
public final class Sample {
  public static final MeshTerms TERMS = new MeshTerms("hostmesh.local", "dc1", true, true);

  private Sample() {}

  public static Instance instance(
      String service, String node, String id, String address, int port, Map<String, String> meta) {
    Map<String, String> all = new HashMap<>(meta);
    all.put(Instance.META_MESH_PORT, "15008");
    return new Instance(
        id, ServiceName.parse(service), node, address, port, Protocol.HTTP, all, true);
  }

  public static Instance instance(String service, String node, String id) {
    return instance(service, node, id, "10.0.0.1", 8080, Map.of());
  }

  public static Entitlements entitled(Map<String, List<String>> byNode) {
    SortedMap<String, SortedSet<ServiceName>> services = new TreeMap<>();
    byNode.forEach(
        (node, names) -> {
          SortedSet<ServiceName> set = new TreeSet<>();
          names.forEach(name -> set.add(ServiceName.parse(name)));
          services.put(node, set);
        });
    return new Entitlements(services, new TreeMap<>(), new TreeMap<>());
  }

  public static Known known(Protocol protocol, String... services) {
    SortedMap<ServiceName, Known.Facts> facts = new TreeMap<>();
    for (String service : services) {
      facts.put(
          ServiceName.parse(service),
          new Known.Facts(Optional.of(protocol), List.of(Map.of("version", "v1"))));
    }
    return new Known(facts);
  }
}
