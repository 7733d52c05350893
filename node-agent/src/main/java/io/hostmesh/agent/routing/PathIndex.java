package io.hostmesh.agent.routing;

import io.hostmesh.model.rules.PathPattern;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the entries of a route whose path can match, in order of precedence, without looking at
 * each: by one look for whole paths and a binary search for prefixes. Immutable, for any thread.
 */
final class PathIndex {
  /** Of paths that an entry names as a whole. */
  private final Map<String, int[]> exact = new HashMap<>();

  /** All prefixes there are, sorted. */
  private final String[] prefixes;

  /** For each prefix the longest other one that it begins with; -1 where there is none. */
  private final int[] parents;

  private final int[][] byPrefix;

  /** Of all other paths. */
  private final int[] rest;

  /**
   * @param paths of the entries, in order; null where an entry takes every path
   * @param settles whether the path decides alone, so that no later entry is needed
   */
  PathIndex(List<@Nullable PathPattern> paths, IntPredicate settles) {
    prefixes =
        paths.stream()
            .filter(Objects::nonNull)
            .filter(PathPattern::isPrefix)
            .map(PathPattern::literal)
            .distinct()
            .sorted()
            .toArray(String[]::new);
    parents = new int[prefixes.length];
    byPrefix = new int[prefixes.length][];
    for (int i = 0; i < prefixes.length; i++) {
      String prefix = prefixes[i];
      parents[i] = longest(prefix, i - 1);
      byPrefix[i] = candidates(paths, settles, p -> p.isPrefix() && prefix.startsWith(p.literal()));
    }
    for (PathPattern path : paths) {
      if (path != null && !path.isPrefix() && !exact.containsKey(path.text())) {
        exact.put(path.text(), candidates(paths, settles, p -> p.matches(path.text())));
      }
    }
    rest = candidates(paths, settles, _ -> false);
  }

  private static int[] candidates(
      List<@Nullable PathPattern> paths, IntPredicate settles, Predicate<PathPattern> matches) {
    int[] found = new int[paths.size()];
    int count = 0;
    for (int i = 0; i < found.length; i++) {
      PathPattern path = paths.get(i);
      if (path == null || matches.test(path)) {
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
    int longest = longest(path, floor(path));
    return longest < 0 ? rest : byPrefix[longest];
  }

  /** The last prefix that is not behind the path in the order of strings. */
  private int floor(String path) {
    int low = 0;
    int high = prefixes.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (prefixes[middle].compareTo(path) <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /**
   * All prefixes of a path are in front of it, and what stands between a prefix and the path begins
   * with that prefix too: so they are the floor or those that the floor begins with.
   */
  private int longest(String path, int floor) {
    int i = floor;
    while (i >= 0 && !path.startsWith(prefixes[i])) {
      i = parents[i];
    }
    return i;
  }
}
