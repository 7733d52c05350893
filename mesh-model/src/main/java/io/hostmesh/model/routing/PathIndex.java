package io.hostmesh.model.routing;

import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.PathPrefixes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * Finds the entries of a route whose path can match, in order of precedence, without looking at
 * each: by one look for whole paths and a binary search for prefixes. Immutable, for any thread.
 */
final class PathIndex {
  /** Of paths that an entry names as a whole. */
  private final Map<String, int[]> exact = new HashMap<>();

  private final PathPrefixes prefixes;
  private final int[][] byPrefix;

  /** Of all other paths. */
  private final int[] rest;

  /**
   * @param paths of the entries, in order; empty where an entry takes every path
   * @param settles whether the path decides alone, so that no later entry is needed
   */
  PathIndex(List<List<PathPattern>> paths, IntPredicate settles) {
    prefixes =
        new PathPrefixes(
            paths.stream()
                .flatMap(List::stream)
                .filter(PathPattern::isPrefix)
                .map(PathPattern::literal)
                .toList());
    byPrefix = new int[prefixes.count()][];
    for (int i = 0; i < byPrefix.length; i++) {
      String prefix = prefixes.get(i);
      byPrefix[i] = candidates(paths, settles, p -> p.isPrefix() && prefix.startsWith(p.literal()));
    }
    for (List<PathPattern> ofEntry : paths) {
      for (PathPattern path : ofEntry) {
        if (!path.isPrefix() && !exact.containsKey(path.text())) {
          exact.put(path.text(), candidates(paths, settles, p -> p.matches(path.text())));
        }
      }
    }
    rest = candidates(paths, settles, _ -> false);
  }

  private static int[] candidates(
      List<List<PathPattern>> paths, IntPredicate settles, Predicate<PathPattern> matches) {
    int[] found = new int[paths.size()];
    int count = 0;
    for (int i = 0; i < found.length; i++) {
      List<PathPattern> ofEntry = paths.get(i);
      if (ofEntry.isEmpty() || ofEntry.stream().anyMatch(matches)) {
        found[count++] = i;
        if (settles.test(i)) {
          break;
        }
      }
    }
    return Arrays.copyOf(found, count);
  }

  /** The entries whose path matches, in order, up to the first that needs nothing else. */
  int[] candidates(String path) {
    if (!exact.isEmpty()) {
      int[] whole = exact.get(path);
      if (whole != null) {
        return whole;
      }
    }
    int longest = prefixes.longest(path);
    return longest < 0 ? rest : byPrefix[longest];
  }
}
