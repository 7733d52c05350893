package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which pages of other origins may read a service's answers: <a
 * href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch, "CORS protocol"</a>.
 *
 * @param origins which may, as browsers write them ({@code https://shop.example}); never empty
 * @param methods upper-case; what a preflight is told
 * @param headers of requests, what a preflight is told; empty: those that it asks for
 * @param expose which headers of answers pages may read
 * @param maxAge how long a browser may keep what a preflight was told
 * @param credentials whether pages may send cookies
 */
public record Cors(
    List<ValuePattern> origins,
    Set<String> methods,
    List<String> headers,
    List<String> expose,
    Optional<Duration> maxAge,
    boolean credentials) {
  public Cors {
    origins = List.copyOf(origins);
    methods = Set.copyOf(methods);
    headers = List.copyOf(headers);
    expose = List.copyOf(expose);
  }

  public boolean allows(String origin) {
    return origins.stream().anyMatch(pattern -> pattern.matches(origin));
  }
}
