package io.hostmesh.model;

import java.net.URI;
import java.util.List;

/**
 * A SPIFFE ID of this mesh (<a href="https://spiffe.io/docs/latest/spiffe-about/spiffe-concepts/">
 * SPIFFE-ID specification</a> section 2). Service ids have the shape that Consul Connect uses.
 */
public sealed interface SpiffeId {
  String trustDomain();

  /** The id's path, beginning with a slash. */
  String path();

  /** The URI as it stands in a certificate. */
  default String uri() {
    return "spiffe://" + trustDomain() + path();
  }

  /** A service: {@code spiffe://<td>/ns/<ns>/dc/<dc>/svc/<service>}. */
  record Service(String trustDomain, String namespace, String datacenter, String service)
      implements SpiffeId {
    public Service {
      Names.domain("trust domain", trustDomain);
      Names.label("namespace", namespace);
      Names.label("datacenter", datacenter);
      Names.label("service", service);
    }

    public static Service of(String trustDomain, String datacenter, ServiceName name) {
      return new Service(trustDomain, name.namespace(), datacenter, name.name());
    }

    public ServiceName name() {
      return new ServiceName(namespace, service);
    }

    @Override
    public String path() {
      return "/ns/" + namespace + "/dc/" + datacenter + "/svc/" + service;
    }

    @Override
    public String toString() {
      return uri();
    }
  }

  /** A host's agent: {@code spiffe://<td>/node/<name>}. */
  record Node(String trustDomain, String node) implements SpiffeId {
    public Node {
      Names.domain("trust domain", trustDomain);
      Names.label("node", node);
    }

    @Override
    public String path() {
      return "/node/" + node;
    }

    @Override
    public String toString() {
      return uri();
    }
  }

  /** A part of the control plane: {@code spiffe://<td>/control/<role>}. */
  record Control(String trustDomain, Role role) implements SpiffeId {
    /** The parts of the control plane that prove who they are. */
    public enum Role {
      PILOT,
      CITADEL;

      String segment() {
        return this == PILOT ? "pilot" : "citadel";
      }
    }

    public Control {
      Names.domain("trust domain", trustDomain);
    }

    @Override
    public String path() {
      return "/control/" + role.segment();
    }

    @Override
    public String toString() {
      return uri();
    }
  }

  /**
   * A person or a program that works on the mesh: {@code spiffe://<td>/operator/<role>/<name>}. It
   * is good at the daemons' admin doors and for signing rules, never for calls in the mesh.
   */
  record Operator(String trustDomain, OperatorRole role, String name) implements SpiffeId {
    public Operator {
      Names.domain("trust domain", trustDomain);
      Names.label("operator", name);
    }

    @Override
    public String path() {
      return "/operator/" + role.text() + "/" + name;
    }

    @Override
    public String toString() {
      return uri();
    }
  }

  /**
   * Reads an id of one of this mesh's shapes.
   *
   * @throws IllegalArgumentException where the URI is no SPIFFE ID or of another shape
   */
  static SpiffeId parse(String uri) {
    URI parsed;
    try {
      parsed = URI.create(uri);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a SPIFFE ID: " + uri, e);
    }
    String host = parsed.getHost();
    String path = parsed.getRawPath();
    if (!"spiffe".equals(parsed.getScheme())
        || host == null
        || path == null
        || parsed.getPort() >= 0
        || parsed.getUserInfo() != null
        || parsed.getRawQuery() != null
        || parsed.getRawFragment() != null) {
      throw new IllegalArgumentException("not a SPIFFE ID: " + uri);
    }
    List<String> segments = List.of(path.split("/", -1));
    if (segments.size() == 7
        && segments.get(1).equals("ns")
        && segments.get(3).equals("dc")
        && segments.get(5).equals("svc")) {
      return new Service(host, segments.get(2), segments.get(4), segments.get(6));
    }
    if (segments.size() == 3 && segments.get(1).equals("node")) {
      return new Node(host, segments.get(2));
    }
    if (segments.size() == 3 && segments.get(1).equals("control")) {
      for (Control.Role role : Control.Role.values()) {
        if (role.segment().equals(segments.get(2))) {
          return new Control(host, role);
        }
      }
    }
    if (segments.size() == 4 && segments.get(1).equals("operator")) {
      return new Operator(host, OperatorRole.parse(segments.get(2)), segments.get(3));
    }
    throw new IllegalArgumentException(
        "not an id of a service, a node, an operator or the control plane: " + uri);
  }
}
