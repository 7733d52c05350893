package io.hostmesh.model;

import java.net.URI;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A SPIFFE ID, of this mesh or of another (<a
 * href="https://spiffe.io/docs/latest/spiffe-about/spiffe-concepts/">SPIFFE-ID specification</a>
 * section 2). Service ids have the shape that Consul Connect uses.
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
   * An identity of another trust domain, whose paths may have any shape. It is never taken for a
   * service, a node or anything else of this mesh, even where its path looks like one.
   *
   * @param path with a leading slash and at least one segment, as leaf certificates have it
   */
  record Foreign(String trustDomain, String path) implements SpiffeId {
    /** SPIFFE-ID sections 2.1 and 2.2; nothing in it has a meaning in a header or a log. */
    private static final Pattern SHAPE =
        Pattern.compile("spiffe://([a-z0-9._-]{1,255})(/[A-Za-z0-9._/-]+)");

    /** SPIFFE-ID section 2.3. */
    private static final int LONGEST = 2048;

    public Foreign {
      read("spiffe://" + trustDomain + path);
    }

    private static Matcher read(String uri) {
      Matcher id = SHAPE.matcher(uri.length() > LONGEST ? "" : uri);
      if (!id.matches()
          || Stream.of(id.group(2).substring(1).split("/", -1))
              .anyMatch(segment -> segment.isEmpty() || segment.matches("\\.{1,2}"))) {
        throw new IllegalArgumentException(
            "not a SPIFFE ID of a workload: "
                + uri.substring(0, Math.min(uri.length(), 200))
                + "; it is spiffe://trust.domain/path, of at most "
                + LONGEST
                + " characters");
      }
      return id;
    }

    /**
     * Reads an id of any shape.
     *
     * @throws IllegalArgumentException where the URI is no SPIFFE ID with a path
     */
    public static Foreign parse(String uri) {
      Matcher id = read(uri);
      return new Foreign(id.group(1), id.group(2));
    }

    @Override
    public String toString() {
      return uri();
    }
  }

  /**
   * Reads an id of one of this mesh's shapes.
   *
   * @throws IllegalArgumentException where the URI is no SPIFFE ID, of another shape, or not
   *     written as ids are (no port, user, query or fragment, nothing in upper case or escaped)
   */
  static SpiffeId parse(String uri) {
    URI parsed;
    try {
      parsed = URI.create(uri);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a SPIFFE ID: " + shown(uri), e);
    }
    String host = parsed.getHost();
    String path = parsed.getRawPath();
    if (!"spiffe".equals(parsed.getScheme())
        || host == null
        || path == null
        || !uri.equals("spiffe://" + host + path)) {
      throw new IllegalArgumentException("not a SPIFFE ID: " + shown(uri));
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
        "not an id of a service, a node, an operator or the control plane: " + shown(uri));
  }

  private static String shown(String uri) {
    return uri.substring(0, Math.min(uri.length(), 200));
  }
}
