package io.hostmesh.agent.authz;

import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.PathPrefixes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

  private final PathPrefixes prefixes;
  private final Group[] byPrefix;

  /**
   * @param grants in order
   */
  GrantPaths(List<CompiledGrant> grants) {
    List<CompiledGrant> everyPath = new ArrayList<>();
    Map<String, List<CompiledGrant>> whole = new HashMap<>();
    Map<String, List<CompiledGrant>> begins = new HashMap<>();
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
    this.prefixes = new PathPrefixes(begins.keySet());
    this.byPrefix = new Group[prefixes.count()];
    for (int i = 0; i < byPrefix.length; i++) {
      byPrefix[i] = new Group(begins.getOrDefault(prefixes.get(i), List.of()));
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
    if (byPrefix.length > 0) {
      for (int i = prefixes.longest(request.path()); i >= 0; i = prefixes.shorter(i)) {
        found = byPrefix[i].first(request, checkName, found);
      }
    }
    return found;
  }

  /** Whether a grant's paths hold this one, asked by itself. */
  static boolean takesPath(CompiledGrant grant, String path) {
    List<PathPattern> paths = grant.grant.requests().paths();
    return paths.isEmpty() || paths.stream().anyMatch(pattern -> pattern.matches(path));
  }
}
