package io.hostmesh.model.routing;

import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Regex;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.ValueMatch;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A {@link RequestMatch}, ready to be asked often. Allocates nothing; immutable, any thread. */
public final class RequestMatcher {
  private record Named(String name, ValueMatch wanted) {}

  private final RequestMatch match;
  private final PathPattern[] paths;
  private final @Nullable Regex pathRegex;
  private final @Nullable Set<String> methods;
  private final Named[] headers;
  private final Named[] query;
  private final HostPattern[] hosts;
  private final CallerPattern[] sources;
  private final List<Map.Entry<String, String>> sourceMeta;
  private final boolean bare;

  public RequestMatcher(RequestMatch match) {
    this.match = match;
    this.paths = match.paths().toArray(PathPattern[]::new);
    this.pathRegex = match.pathRegex().orElse(null);
    this.methods = match.methods().isEmpty() ? null : match.methods();
    this.headers = named(match.headers());
    this.query = named(match.query());
    this.hosts = match.hosts().toArray(HostPattern[]::new);
    this.sources = match.sources().toArray(CallerPattern[]::new);
    this.sourceMeta = List.copyOf(match.sourceMeta().entrySet());
    this.bare =
        pathRegex == null
            && methods == null
            && headers.length == 0
            && query.length == 0
            && hosts.length == 0
            && sources.length == 0
            && sourceMeta.isEmpty();
  }

  private static Named[] named(Map<String, ValueMatch> wanted) {
    return wanted.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        // One object for a name in all rules: whoever keeps the last answer knows it at a glance.
        .map(entry -> new Named(entry.getKey().intern(), entry.getValue()))
        .toArray(Named[]::new);
  }

  public RequestMatch match() {
    return match;
  }

  /** Whether it asks for the path. */
  public boolean readsPath() {
    return paths.length > 0 || pathRegex != null;
  }

  /** Whether it holds a request. */
  public boolean matches(RequestFacts request) {
    return matchesPath(request.path()) && matchesRest(request);
  }

  /** Whether nothing but the path's patterns is asked for. */
  boolean isBare() {
    return bare;
  }

  private boolean matchesPath(String path) {
    for (PathPattern pattern : paths) {
      if (pattern.matches(path)) {
        return true;
      }
    }
    return paths.length == 0;
  }

  /** All but the path's patterns. */
  boolean matchesRest(RequestFacts request) {
    return bare
        || ((methods == null || methods.contains(request.method()))
            && matchesHeaders(request)
            && (hosts.length == 0 || matchesHost(request.host()))
            && matchesSource(request)
            && matchesQuery(request)
            && (pathRegex == null || pathRegex.matches(request.path())));
  }

  /** For a connection without requests: what asks for a request does not hold it. */
  boolean matchesConnection(RequestFacts connection) {
    return !match.needsRequests() && matchesSource(connection);
  }

  private boolean matchesHeaders(RequestFacts request) {
    for (Named header : headers) {
      if (!header.wanted().matches(request.headerValues(header.name()))) {
        return false;
      }
    }
    return true;
  }

  private boolean matchesQuery(RequestFacts request) {
    for (Named parameter : query) {
      if (!parameter.wanted().matches(request.queryValues(parameter.name()))) {
        return false;
      }
    }
    return true;
  }

  private boolean matchesHost(@Nullable String host) {
    if (host == null) {
      return false;
    }
    for (HostPattern pattern : hosts) {
      if (pattern.matches(host)) {
        return true;
      }
    }
    return false;
  }

  private boolean matchesSource(RequestFacts request) {
    for (int i = 0; i < sourceMeta.size(); i++) {
      Map.Entry<String, String> wanted = sourceMeta.get(i);
      if (!wanted.getValue().equals(request.sourceMeta(wanted.getKey()))) {
        return false;
      }
    }
    for (CallerPattern pattern : sources) {
      if (request.isFrom(pattern)) {
        return true;
      }
    }
    return sources.length == 0;
  }
}
