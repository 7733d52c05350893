package io.hostmesh.agent.authz;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The grants of one effect, found by who calls, then by path and method, so that a call costs the
 * same whether there are ten or a thousand. Immutable, for any thread.
 */
final class GrantIndex {
  private final String trustDomain;
  private final List<CompiledGrant> grants;
  private final boolean denies;
  private final GrantPaths everybody;
  private final GrantPaths ofMesh;
  private final Map<ServiceName, GrantPaths> byService = new HashMap<>();
  private final Map<String, GrantPaths> byNamespace = new HashMap<>();
  private final Map<String, GrantPaths> byDomain = new HashMap<>();

  /**
   * @param grants in order
   */
  GrantIndex(List<CompiledGrant> grants, String trustDomain) {
    this.trustDomain = trustDomain;
    this.grants = List.copyOf(grants);
    this.denies = grants.stream().anyMatch(grant -> grant.denies);
    List<CompiledGrant> toAll = new ArrayList<>();
    List<CompiledGrant> toMesh = new ArrayList<>();
    Map<ServiceName, List<CompiledGrant>> services = new HashMap<>();
    Map<String, List<CompiledGrant>> namespaces = new HashMap<>();
    Map<String, List<CompiledGrant>> domains = new HashMap<>();
    for (CompiledGrant grant : grants) {
      if (grant.grant.callers().from().isEmpty()) {
        toAll.add(grant);
      }
      for (CallerPattern from : grant.grant.callers().from()) {
        add(
            grant,
            switch (from) {
              case CallerPattern.AnyOfMesh _ -> toMesh;
              case CallerPattern.OfService(ServiceName name) -> list(services, name);
              case CallerPattern.OfNamespace(String namespace) -> list(namespaces, namespace);
              case CallerPattern.OfId id -> list(domains, id.trustDomain());
            });
      }
    }
    this.everybody = new GrantPaths(toAll);
    this.ofMesh = new GrantPaths(toMesh);
    services.forEach((name, of) -> byService.put(name, new GrantPaths(of)));
    namespaces.forEach((name, of) -> byNamespace.put(name, new GrantPaths(of)));
    domains.forEach((name, of) -> byDomain.put(name, new GrantPaths(of)));
  }

  private static <K> List<CompiledGrant> list(Map<K, List<CompiledGrant>> lists, K key) {
    return lists.computeIfAbsent(key, _ -> new ArrayList<>());
  }

  /** Once, though two patterns of a grant may lead to the same list. */
  @SuppressWarnings("ReferenceEquality") // A grant is itself.
  private static void add(CompiledGrant grant, List<CompiledGrant> to) {
    if (to.isEmpty() || to.getLast() != grant) {
      to.add(grant);
    }
  }

  boolean any(Predicate<Grant> condition) {
    return grants.stream().anyMatch(grant -> condition.test(grant.grant));
  }

  boolean isEmpty() {
    return grants.isEmpty();
  }

  private boolean isOurs(SpiffeId id) {
    return id.trustDomain().equals(trustDomain);
  }

  /** The first grant that holds the request; null where none does. */
  @Nullable CompiledGrant first(Request request) {
    SpiffeId id = request.peer().id();
    CompiledGrant best =
        id == null || isOurs(id) || denies ? everybody.first(request, false, null) : null;
    if (id == null) {
      return best;
    }
    if (isOurs(id)) {
      best = ofMesh.first(request, false, best);
      ServiceName name = request.peer().name();
      if (name != null) {
        best = first(byService.get(name), request, best);
        if (!byNamespace.isEmpty()) {
          best = first(byNamespace.get(name.namespace()), request, best);
        }
      }
    }
    if (!byDomain.isEmpty()) {
      GrantPaths named = byDomain.get(id.trustDomain());
      best = named == null ? best : named.first(request, true, best);
    }
    return best;
  }

  private static @Nullable CompiledGrant first(
      @Nullable GrantPaths of, Request request, @Nullable CompiledGrant best) {
    return of == null ? best : of.first(request, false, best);
  }

  /** All grants that hold the request, in order. */
  List<CompiledGrant> all(Request request) {
    if (grants.isEmpty() || first(request) == null) {
      return List.of();
    }
    List<CompiledGrant> found = new ArrayList<>();
    for (CompiledGrant grant : grants) {
      if (isNamed(grant, request.peer())
          && GrantPaths.takesPath(grant, request.path())
          && grant.takes(request)) {
        found.add(grant);
      }
    }
    return found;
  }

  /**
   * The first grant that holds a bare connection: one that asks for requests holds none where it
   * allows, and every one where it denies, for nobody sees what is asked.
   */
  @Nullable CompiledGrant first(Peer peer, int port) {
    for (CompiledGrant grant : grants) {
      if (holds(grant, peer, port)) {
        return grant;
      }
    }
    return null;
  }

  List<CompiledGrant> all(Peer peer, int port) {
    return grants.stream().filter(grant -> holds(grant, peer, port)).toList();
  }

  private boolean holds(CompiledGrant grant, Peer peer, int port) {
    return (grant.denies || !grant.grant.needsRequests())
        && isNamed(grant, peer)
        && grant.takesConnection(peer, port);
  }

  /** Who names nobody allows nothing to other trust domains. */
  private boolean isNamed(CompiledGrant grant, Peer peer) {
    SpiffeId id = peer.id();
    return grant.grant.callers().from().isEmpty()
        ? grant.denies || id == null || isOurs(id)
        : grant.namesCaller(peer);
  }
}
