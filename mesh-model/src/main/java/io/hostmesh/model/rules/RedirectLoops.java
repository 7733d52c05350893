package io.hostmesh.model.rules;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds redirects that a caller would follow for ever: of a request that an entry redirects on the
 * same host, to a path that ends at a redirect again. Pure.
 */
final class RedirectLoops {
  private RedirectLoops() {}

  /**
   * @param index of an entry that redirects
   * @return a path that comes back to itself; empty where none was found
   */
  static Optional<String> from(List<RouteRule.Entry> entries, int index) {
    RouteRule.Entry first = entries.get(index);
    RequestMatch match = first.match().orElse(RequestMatch.ALL);
    List<String> begins =
        match.paths().isEmpty()
            ? List.of("/")
            : match.paths().stream().map(RedirectLoops::example).toList();
    for (String begin : begins) {
      if (returns(entries, match, begin)) {
        return Optional.of(begin);
      }
    }
    return Optional.empty();
  }

  private static String example(PathPattern pattern) {
    return pattern.literal().isEmpty() ? "/" : pattern.literal();
  }

  private static boolean returns(List<RouteRule.Entry> entries, RequestMatch match, String begin) {
    Set<String> seen = new HashSet<>();
    String path = begin;
    while (seen.add(path) && seen.size() <= entries.size() + 1) {
      Optional<RouteRule.Entry> redirect = redirect(entries, match, path);
      if (redirect.isEmpty()) {
        return false;
      }
      switch (redirect.get().rewritten(path)) {
        case NormalPath.Reading.Ambiguous _ -> {
          return false; // It is answered 400.
        }
        case NormalPath.Reading.Normal(NormalPath next) -> path = next.judged();
      }
    }
    return true;
  }

  /** Redirects, to the same host, a request that is like the first but for its path. */
  private static Optional<RouteRule.Entry> redirect(
      List<RouteRule.Entry> entries, RequestMatch match, String path) {
    return entries.stream()
        .filter(entry -> holds(entry, match, path))
        .findFirst()
        .filter(RedirectLoops::staysHere);
  }

  private static boolean staysHere(RouteRule.Entry entry) {
    return entry.action() instanceof Action.Redirect redirect
        && redirect.host().isEmpty()
        && redirect.scheme().isEmpty();
  }

  /** What the first request fulfils, its followers do too; of other conditions nothing is known. */
  private static boolean holds(RouteRule.Entry entry, RequestMatch first, String path) {
    RequestMatch match = entry.match().orElse(RequestMatch.ALL);
    boolean rest =
        match.withoutPath().equals(RequestMatch.ALL)
            || match.withoutPath().equals(first.withoutPath());
    return rest
        && (match.paths().isEmpty() || match.paths().stream().anyMatch(p -> p.matches(path)))
        && match.pathRegex().map(regex -> regex.matches(path)).orElse(true);
  }
}
