package io.hostmesh.cli;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.model.MeshHost;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.Query;
import io.hostmesh.model.routing.RequestFacts;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.NormalPath;
import io.hostmesh.model.rules.RouteRule;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A request that is not sent.
 *
 * @param service whom it means, by its host
 * @param target path and query, as an agent would send them on
 * @param path as it is judged
 * @param headers by lower-case name
 */
record TriedRequest(
    ServiceName service,
    String target,
    String path,
    String method,
    String host,
    int port,
    Map<String, String> headers,
    Optional<SpiffeId.Service> source,
    Map<String, String> meta)
    implements RequestFacts {

  /**
   * @throws IllegalArgumentException with a sentence, where it is no request to a service
   */
  static TriedRequest of(
      String url,
      String method,
      Map<String, String> given,
      Optional<SpiffeId.Service> source,
      Map<String, String> meta) {
    URI uri = URI.create(url.contains("://") ? url : "http://" + url);
    if (uri.getHost() == null) {
      throw new IllegalArgumentException(
          "\"" + url + "\" names no host; write for instance http://greeter.mesh/path");
    }
    ServiceName service =
        MeshHost.parse(uri.getHost())
            .map(MeshHost::service)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        uri.getHost()
                            + " is no name of the mesh: write SERVICE.mesh or"
                            + " SERVICE.NAMESPACE.mesh"));
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    String asked = (uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()) + query;
    Map<String, String> headers = new TreeMap<>();
    given.forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
    String host = headers.getOrDefault("host", uri.getRawAuthority());
    return switch (RequestPath.read(asked)) {
      case RequestPath.Reading.Normal(String target, String path) ->
          new TriedRequest(
              service,
              target,
              path,
              method,
              host,
              Math.max(uri.getPort(), 0),
              headers,
              source,
              meta);
      case RequestPath.Reading.Ambiguous(String why) ->
          throw new IllegalArgumentException(
              "the path " + why + ", so where rules are on paths agents answer 400");
    };
  }

  /**
   * The request as the service that it goes to gets it.
   *
   * @param entry of the route, which sends it on
   * @throws IllegalArgumentException with a sentence, where the entry makes no path of its path
   */
  TriedRequest sentTo(ServiceName to, RouteRule.Entry entry) {
    Handling handling = entry.handling();
    Map<String, String> sent = new TreeMap<>(headers);
    handling.request().remove().forEach(sent::remove);
    sent.putAll(handling.request().set());
    handling
        .request()
        .add()
        .forEach((name, value) -> sent.merge(name, value, (a, b) -> a + ", " + b));
    String rewritten = rewritten(entry);
    return new TriedRequest(
        to,
        entry.rewrite().isPresent() ? RequestPath.withPath(target, rewritten) : target,
        rewritten,
        method,
        handling.host().orElse(host),
        port,
        sent,
        source,
        meta);
  }

  /**
   * The path that an entry makes of this one's.
   *
   * @throws IllegalArgumentException with a sentence, where that is none
   */
  String rewritten(RouteRule.Entry entry) {
    return switch (entry.rewritten(path)) {
      case NormalPath.Reading.Normal(NormalPath made) -> made.judged();
      case NormalPath.Reading.Ambiguous(String why) ->
          throw new IllegalArgumentException(
              "the entry rewrites the path "
                  + path
                  + " to one that "
                  + why
                  + ": agents answer 400");
    };
  }

  @Override
  public List<String> headerValues(String lowerCaseName) {
    String value = headers.get(lowerCaseName);
    return value == null ? List.of() : List.of(value);
  }

  @Override
  public List<String> queryValues(String name) {
    return Query.of(target).values(name);
  }

  @Override
  public boolean isFrom(CallerPattern pattern) {
    return source
        .filter(id -> CallerPattern.means(pattern, id, id.uri(), id.trustDomain()))
        .isPresent();
  }

  @Override
  public @Nullable String sourceMeta(String key) {
    return meta.get(key);
  }
}
