package io.hostmesh.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A DNS name that the mesh answers for: {@code <svc>.mesh}, {@code <svc>.<ns>.mesh}, {@code
 * <svc>.<ns>.<dc>.mesh}, or Consul's {@code <svc>.virtual.consul} and {@code
 * <svc>.virtual.<dc>.consul}.
 *
 * @param datacenter empty where the name does not say one
 */
public record MeshHost(ServiceName service, Optional<String> datacenter) {
  public static final String MESH_DOMAIN = "mesh";

  /** Whether the mesh is the authority for this name, be there such a service or not. */
  public static boolean isMeshName(String host) {
    String name = normalise(host);
    return name.equals(MESH_DOMAIN)
        || name.endsWith(".mesh")
        || name.equals("virtual.consul")
        || name.endsWith(".virtual.consul")
        || (name.endsWith(".consul") && name.contains(".virtual."));
  }

  /** The service that a name means; empty where it is none of the mesh's forms. */
  public static Optional<MeshHost> parse(String host) {
    List<String> labels = List.of(normalise(host).split("\\.", -1));
    for (String label : labels) {
      if (!Names.isLabel(label)) {
        return Optional.empty();
      }
    }
    int n = labels.size();
    if (labels.get(n - 1).equals(MESH_DOMAIN)) {
      return switch (n) {
        case 2 -> of(ServiceName.of(labels.get(0)));
        case 3 -> of(new ServiceName(labels.get(1), labels.get(0)));
        case 4 ->
            Optional.of(
                new MeshHost(
                    new ServiceName(labels.get(1), labels.get(0)), Optional.of(labels.get(2))));
        default -> Optional.empty();
      };
    }
    if (labels.get(n - 1).equals("consul") && n >= 3 && labels.get(1).equals("virtual")) {
      return switch (n) {
        case 3 -> of(ServiceName.of(labels.get(0)));
        case 4 ->
            Optional.of(new MeshHost(ServiceName.of(labels.get(0)), Optional.of(labels.get(2))));
        default -> Optional.empty();
      };
    }
    return Optional.empty();
  }

  private static Optional<MeshHost> of(ServiceName service) {
    return Optional.of(new MeshHost(service, Optional.empty()));
  }

  private static String normalise(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
