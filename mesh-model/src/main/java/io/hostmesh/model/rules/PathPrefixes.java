package io.hostmesh.model.rules;

import java.util.Collection;

/**
 * Prefixes of paths, and which of them a path begins with: by a binary search, not by asking each.
 * They are spoken of by their places in the order of strings. Immutable, for any thread.
 */
public final class PathPrefixes {
  private final String[] prefixes;

  /** For each prefix the longest other one that it begins with; -1 where there is none. */
  private final int[] parents;

  public PathPrefixes(Collection<String> all) {
    prefixes = all.stream().distinct().sorted().toArray(String[]::new);
    parents = new int[prefixes.length];
    for (int i = 0; i < prefixes.length; i++) {
      parents[i] = longest(prefixes[i], i - 1);
    }
  }

  public int count() {
    return prefixes.length;
  }

  public String get(int place) {
    return prefixes[place];
  }

  /** The longest prefix that a path begins with; -1 where there is none. */
  public int longest(String path) {
    return longest(path, floor(path));
  }

  /** The next shorter one of the same path; -1 where there is none. */
  public int shorter(int place) {
    return parents[place];
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
