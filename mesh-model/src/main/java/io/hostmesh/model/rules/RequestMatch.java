package io.hostmesh.model.rules;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A set of requests: those for which all of this holds. What is empty asks for nothing.
 *
 * @param paths one of them; empty where a regex says it, or nothing
 * @param pathRegex all of the path, in the form in which paths are judged
 * @param methods upper-case
 * @param headers by lower-case name
 * @param query by name, as it stands there decoded
 * @param hosts one of them
 * @param sources one of them: who calls, by the proven identity
 * @param sourceMeta metadata of the calling service's instances on the caller's host
 */
public record RequestMatch(
    List<PathPattern> paths,
    Optional<Regex> pathRegex,
    Set<String> methods,
    Map<String, ValueMatch> headers,
    Map<String, ValueMatch> query,
    List<HostPattern> hosts,
    List<CallerPattern> sources,
    Map<String, String> sourceMeta) {
  /** All requests. */
  public static final RequestMatch ALL =
      new RequestMatch(
          List.of(),
          Optional.empty(),
          Set.of(),
          Map.of(),
          Map.of(),
          List.of(),
          List.of(),
          Map.of());

  public RequestMatch {
    paths = List.copyOf(paths);
    methods = Set.copyOf(methods);
    headers = Map.copyOf(headers);
    query = Map.copyOf(query);
    hosts = List.copyOf(hosts);
    sources = List.copyOf(sources);
    sourceMeta = Map.copyOf(sourceMeta);
  }

  /** The same for any path. */
  RequestMatch withoutPath() {
    return new RequestMatch(
        List.of(), Optional.empty(), methods, headers, query, hosts, sources, sourceMeta);
  }

  /** Whether it asks for the path, which must have one meaning then. */
  public boolean readsPath() {
    return !paths.isEmpty() || pathRegex.isPresent();
  }

  /** Whether it asks for what only a request has, not a bare connection. */
  public boolean needsRequests() {
    return readsPath()
        || !methods.isEmpty()
        || !headers.isEmpty()
        || !query.isEmpty()
        || !hosts.isEmpty();
  }
}
