package io.hostmesh.model.rules;

import io.hostmesh.model.AddressRange;
import io.hostmesh.model.hocon.Origin;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A set of calls: those for which all of its conditions hold. What becomes of them says the list of
 * an {@link AccessRule} that it stands in.
 *
 * @param name how logs and metrics call it; empty where they call it by its place
 * @param dryRun whether it is only tried; of grants that deny
 */
public record Grant(
    Optional<String> name,
    boolean dryRun,
    Callers callers,
    Requests requests,
    Users users,
    Origin origin) {

  /** A grant for these callers, whatever they ask. */
  public static Grant to(List<CallerPattern> from, Origin origin) {
    return new Grant(
        Optional.empty(),
        false,
        new Callers(from, List.of(), List.of(), Set.of()),
        Requests.ALL,
        Users.ALL,
        origin);
  }

  public Grant with(Requests asked) {
    return new Grant(name, dryRun, callers, asked, users, origin);
  }

  /** Whether it can only be judged with a request at hand. */
  public boolean needsRequests() {
    return !requests.equals(Requests.ALL) || !users.equals(Users.ALL);
  }

  /**
   * Who calls, and where: what is known of any connection.
   *
   * @param from empty for everybody, with an identity or without
   * @param notFrom none of these
   * @param networks the connection's source address is in one of them; empty for all
   * @param ports the service's own; empty for all
   */
  public record Callers(
      List<CallerPattern> from,
      List<CallerPattern> notFrom,
      List<AddressRange> networks,
      Set<Integer> ports) {
    public static final Callers ALL = new Callers(List.of(), List.of(), List.of(), Set.of());

    public Callers {
      from = List.copyOf(from);
      notFrom = List.copyOf(notFrom);
      networks = List.copyOf(networks);
      ports = Set.copyOf(ports);
    }
  }

  /**
   * What is asked. Each is empty for all.
   *
   * @param methods upper-case
   * @param paths one of these
   * @param notPaths none of these
   * @param hosts one of these
   * @param headers lower-case names; each is there with one of the values
   * @param unless none of these holds
   */
  public record Requests(
      Set<String> methods,
      List<PathPattern> paths,
      List<PathPattern> notPaths,
      List<HostPattern> hosts,
      Map<String, List<ValuePattern>> headers,
      List<Shape> unless) {
    public static final Requests ALL =
        new Requests(Set.of(), List.of(), List.of(), List.of(), Map.of());

    public Requests {
      methods = Set.copyOf(methods);
      paths = List.copyOf(paths);
      notPaths = List.copyOf(notPaths);
      hosts = List.copyOf(hosts);
      headers = Map.copyOf(headers);
      unless = List.copyOf(unless);
    }

    /** Without exceptions but for paths. */
    public Requests(
        Set<String> methods,
        List<PathPattern> paths,
        List<PathPattern> notPaths,
        List<HostPattern> hosts,
        Map<String, List<ValuePattern>> headers) {
      this(methods, paths, notPaths, hosts, headers, List.of());
    }
  }

  /**
   * Requests for which all of these hold; each is empty for all.
   *
   * @param methods upper-case
   * @param headers lower-case names; each is there with one of the values
   */
  public record Shape(
      Set<String> methods, List<PathPattern> paths, Map<String, List<ValuePattern>> headers) {
    public Shape {
      methods = Set.copyOf(methods);
      paths = List.copyOf(paths);
      headers = Map.copyOf(headers);
    }
  }

  /**
   * On whose behalf. Each is empty for all; where one is not, there has to be a verified user.
   *
   * @param issuers one of these
   * @param audiences one of these
   * @param claims by name; each is there with one of the values
   */
  public record Users(
      Set<String> issuers, Set<String> audiences, Map<String, List<ValuePattern>> claims) {
    public static final Users ALL = new Users(Set.of(), Set.of(), Map.of());

    public Users {
      issuers = Set.copyOf(issuers);
      audiences = Set.copyOf(audiences);
      claims = Map.copyOf(claims);
    }
  }
}
