package io.hostmesh.model;

/**
 * The name of a service inside one datacenter: a namespace of the mesh and a name.
 *
 * @param namespace the mesh's own namespace (Consul's community edition has none), {@value
 *     #DEFAULT_NAMESPACE} unless said otherwise
 * @param name the name under which Consul lists the service
 */
public record ServiceName(String namespace, String name) implements Comparable<ServiceName> {
  public static final String DEFAULT_NAMESPACE = "default";

  /**
   * @throws IllegalArgumentException where a part is not a DNS label
   */
  public ServiceName {
    Names.label("namespace", namespace);
    Names.label("service", name);
  }

  /** The service of this name in the default namespace. */
  public static ServiceName of(String name) {
    return new ServiceName(DEFAULT_NAMESPACE, name);
  }

  /**
   * Reads {@code name} or {@code namespace/name}: how rules, resource names and the command line
   * write a service.
   *
   * @throws IllegalArgumentException where it is neither
   */
  public static ServiceName parse(String text) {
    int slash = text.indexOf('/');
    return slash < 0
        ? of(text)
        : new ServiceName(text.substring(0, slash), text.substring(slash + 1));
  }

  /** The full form {@code namespace/name}, which is also the name of the service's resources. */
  public String full() {
    return namespace + "/" + name;
  }

  /** As a person writes it: without the default namespace. */
  @Override
  public String toString() {
    return namespace.equals(DEFAULT_NAMESPACE) ? name : full();
  }

  @Override
  public int compareTo(ServiceName other) {
    int byNamespace = namespace.compareTo(other.namespace);
    return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
  }
}
