package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import java.util.List;
import java.util.Optional;

/**
 * What a rule is for: one service, all services of a namespace, or all of the mesh. Ordered from
 * narrow to wide, then by name.
 */
public sealed interface Scope extends Comparable<Scope> {
  /** Stands for all in a path. */
  String ALL = "*";

  /** One service. */
  record Service(ServiceName name) implements Scope {
    @Override
    public String toString() {
      return name.toString();
    }
  }

  /** Every service of a namespace, those to come included. */
  record Namespace(String namespace) implements Scope {
    /**
     * @throws IllegalArgumentException where it is no namespace's name
     */
    public Namespace {
      namespace = new ServiceName(namespace, "any").namespace();
    }

    @Override
    public String toString() {
      return path();
    }
  }

  /** Every service of the mesh. */
  record Mesh() implements Scope {
    @Override
    public String toString() {
      return path();
    }
  }

  static Scope mesh() {
    return new Mesh();
  }

  static Scope of(ServiceName service) {
    return new Service(service);
  }

  /** The scopes that a service is in, the narrowest first. */
  static List<Scope> around(ServiceName service) {
    return List.of(new Service(service), new Namespace(service.namespace()), mesh());
  }

  /**
   * a service {@code ns/service}, a namespace {@code ns/*}, or the mesh, with stars for both: as
   * the registry's keys and the resources of pilot write it.
   */
  default String path() {
    return switch (this) {
      case Service(ServiceName name) -> name.full();
      case Namespace(String namespace) -> namespace + "/" + ALL;
      case Mesh() -> ALL + "/" + ALL;
    };
  }

  /** The service; empty where it is for several. */
  default Optional<ServiceName> service() {
    return this instanceof Service(ServiceName name) ? Optional.of(name) : Optional.empty();
  }

  default boolean covers(ServiceName service) {
    return switch (this) {
      case Service(ServiceName name) -> name.equals(service);
      case Namespace(String namespace) -> namespace.equals(service.namespace());
      case Mesh() -> true;
    };
  }

  /**
   * Reads {@code service}, {@code ns/service}, {@code ns/*}, or stars for both.
   *
   * @throws IllegalArgumentException where it is none of them
   */
  static Scope parse(String text) {
    int slash = text.indexOf('/');
    if (slash >= 0) {
      return of(text.substring(0, slash), text.substring(slash + 1));
    }
    if (text.equals(ALL)) {
      throw new IllegalArgumentException(
          "\"*\" alone is not a scope: write \"ns/*\" for a namespace, \"*/*\" for the mesh");
    }
    return of(ServiceName.of(text));
  }

  /**
   * @param namespace {@value #ALL} for the whole mesh
   * @param service {@value #ALL} for the whole namespace
   * @throws IllegalArgumentException where one is no name, or a service is named without its
   *     namespace
   */
  static Scope of(String namespace, String service) {
    if (!service.equals(ALL)) {
      if (namespace.equals(ALL)) {
        throw new IllegalArgumentException(
            "a service has one namespace: name that of "
                + service
                + ", or all services with \"*\"");
      }
      return of(new ServiceName(namespace, service));
    }
    return namespace.equals(ALL) ? mesh() : new Namespace(namespace);
  }

  private int width() {
    return switch (this) {
      case Service _ -> 0;
      case Namespace _ -> 1;
      case Mesh _ -> 2;
    };
  }

  @Override
  default int compareTo(Scope other) {
    int byWidth = Integer.compare(width(), other.width());
    return byWidth != 0 ? byWidth : path().compareTo(other.path());
  }
}
