package io.hostmesh.cli;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.model.MeshHost;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.RequestFacts;
import io.hostmesh.model.rules.CallerPattern;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
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

  @Override
  public @Nullable String header(String lowerCaseName) {
    return headers.get(lowerCaseName);
  }

  @Override
  public @Nullable String query(String name) {
    int begin = target.indexOf('?');
    for (String pair : begin < 0 ? new String[0] : target.substring(begin + 1).split("&", -1)) {
      int equals = pair.indexOf('=');
      if (decoded(equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
        return equals < 0 ? "" : decoded(pair.substring(equals + 1));
      }
    }
    return null;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
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
