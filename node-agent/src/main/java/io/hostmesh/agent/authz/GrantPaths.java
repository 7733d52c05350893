package io.hostmesh.agent.authz;

import io.hostmesh.model.rules.PathPattern;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Grants by path and method: one look for whole paths, a binary search for prefixes. Immutable, for
 * any thread.
 */
final class GrantPaths {
  /** Below this many, asking each is as quick as looking by method. */
  private static final int FEW = 4;

  /** Grants in order, and the same by method where there are many. */
  private static final class Group {
    private final CompiledGrant[] all;
    private final @Nullable Map<String, CompiledGrant[]> byMethod;
    private final CompiledGrant[] anyMethod;

    Group(List<CompiledGrant> grants) {
      this.all = grants.toArray(CompiledGrant[]::new);
      this.anyMethod =
          grants.stream()
              .filter(grant -> grant.grant.requests().methods().isEmpty())
              .toArray(CompiledGrant[]::new);
      this.byMethod = grants.size() <= FEW ? null : byMethod(grants);
    }

    /** For each method that is named: the grants that name it. */
    private static Map<String, CompiledGrant[]> byMethod(List<CompiledGrant> grants) {
      Map<String, List<CompiledGrant>> lists = new HashMap<>();
      for (CompiledGrant grant : grants) {
        for (String method : grant.grant.requests().methods()) {
          lists.computeIfAbsent(method, _ -> new ArrayList<>()).add(grant);
        }
      }
      Map<String, CompiledGrant[]> arrays = new HashMap<>();
      lists.forEach((method, list) -> arrays.put(method, list.toArray(CompiledGrant[]::new)));
      return arrays;
    }

    @Nullable CompiledGrant first(
        Request request, boolean checkName, @Nullable CompiledGrant best) {
      if (byMethod == null) {
        return among(all, request, checkName, best);
      }
      CompiledGrant found = among(anyMethod, request, checkName, best);
      CompiledGrant[] named = byMethod.get(request.method());
      if (named != null) {
        found = among(named, request, checkName, found);
      } else if (all.length > 0 && all[0].denies) { // "get" may be GET to an application.
        named = byMethod.get(request.method().toUpperCase(Locale.ROOT));
        found = named == null ? found : among(named, request, checkName, found);
      }
      return found;
    }

    private static @Nullable CompiledGrant among(
        CompiledGrant[] grants, Request request, boolean checkName, @Nullable CompiledGrant best) {
      for (CompiledGrant grant : grants) {
        if (best != null && grant.order >= best.order) {
          return best;
        }
        if (grant.takes(request) && (!checkName || grant.namesCaller(request.peer()))) {
          return grant;
        }
      }
      return best;
    }
  }

  /** Of grants that take every path. */
  private final Group rest;

  private final Map<String, Group> exact = new HashMap<>();

  /** All prefixes there are, sorted. */
  private final String[] prefixes;

  /** For each prefix the longest other one that it begins with; -1 where there is none. */
  private final int[] parents;

  private final Group[] byPrefix;

  /**
   * @param grants in order
   */
  GrantPaths(List<CompiledGrant> grants) {
    List<CompiledGrant> everyPath = new ArrayList<>();
    Map<String, List<CompiledGrant>> whole = new HashMap<>();
    TreeMap<String, List<CompiledGrant>> begins = new TreeMap<>();
    for (CompiledGrant grant : grants) {
      List<PathPattern> paths = grant.grant.requests().paths();
      if (paths.isEmpty()) {
        everyPath.add(grant);
      }
      for (PathPattern path : paths) {
        add(grant, path.isPrefix() ? begins : whole, path.literal());
      }
    }
    this.rest = new Group(everyPath);
    whole.forEach((path, list) -> exact.put(path, new Group(list)));
    this.prefixes = begins.keySet().toArray(String[]::new);
    this.parents = new int[prefixes.length];
    this.byPrefix =
        Arrays.stream(prefixes)
            .map(prefix -> new Group(begins.getOrDefault(prefix, List.of())))
            .toArray(Group[]::new);
    for (int i = 0; i < prefixes.length; i++) {
      parents[i] = longest(prefixes[i], i - 1);
    }
  }

  @SuppressWarnings("ReferenceEquality") // A grant is itself.
  private static void add(
      CompiledGrant grant, Map<String, List<CompiledGrant>> to, String literal) {
    List<CompiledGrant> list = to.computeIfAbsent(literal, _ -> new ArrayList<>());
    if (list.isEmpty() || list.getLast() != grant) {
      list.add(grant);
    }
  }

  /**
   * The first grant that holds the request, where it comes before the best so far.
   *
   * @param checkName whether a grant has still to be asked if it names the caller
   */
  @Nullable CompiledGrant first(Request request, boolean checkName, @Nullable CompiledGrant best) {
    CompiledGrant found = rest.first(request, checkName, best);
    Group whole = exact.isEmpty() ? null : exact.get(request.path());
    if (whole != null) {
      found = whole.first(request, checkName, found);
    }
    if (prefixes.length > 0) {
      String path = request.path();
      for (int i = longest(path, floor(path)); i >= 0; i = parents[i]) {
        found = byPrefix[i].first(request, checkName, found);
      }
    }
    return found;
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

  /** Whether a grant's paths hold this one, asked by itself. */
  static boolean takesPath(CompiledGrant grant, String path) {
    List<PathPattern> paths = grant.grant.requests().paths();
    return paths.isEmpty() || paths.stream().anyMatch(pattern -> pattern.matches(path));
  }
}
