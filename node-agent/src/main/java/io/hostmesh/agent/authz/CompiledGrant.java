package io.hostmesh.agent.authz;

import io.hostmesh.model.AddressRange;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.ValuePattern;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A grant as it is asked. Where something cannot be known, such as the host of a request that names
 * none, a grant that allows does not hold and one that denies does. Immutable.
 */
final class CompiledGrant {
  final int order;
  final Mark mark;
  final Verdict.Allowed allowed;
  final Grant grant;
  final boolean denies;
  private final String trustDomain;
  private final List<CallerPattern> notFrom;
  private final List<AddressRange> networks;
  private final Set<Integer> ports;
  private final Set<String> methods;
  private final List<PathPattern> notPaths;
  private final List<HostPattern> hosts;
  private final List<Header> headers;
  private final List<Except> unless;
  private final boolean asksUser;
  private final boolean plain;

  private record Header(String name, List<ValuePattern> values) {}

  private record Except(Set<String> methods, List<PathPattern> paths, List<Header> headers) {}

  /**
   * @param order among all grants that are judged together
   * @param denies which side it errs on
   */
  CompiledGrant(int order, Mark mark, Grant grant, boolean denies, String trustDomain) {
    this.order = order;
    this.mark = mark;
    this.allowed = new Verdict.Allowed(mark, List.of());
    this.grant = grant;
    this.denies = denies;
    this.trustDomain = trustDomain;
    this.notFrom = grant.callers().notFrom();
    this.networks = grant.callers().networks();
    this.ports = grant.callers().ports();
    this.methods = grant.requests().methods();
    this.notPaths = grant.requests().notPaths();
    this.hosts = grant.requests().hosts();
    this.headers = sorted(grant.requests().headers());
    this.unless =
        grant.requests().unless().stream()
            .map(shape -> new Except(shape.methods(), shape.paths(), sorted(shape.headers())))
            .toList();
    this.asksUser = !grant.users().equals(Grant.Users.ALL);
    this.plain =
        notFrom.isEmpty()
            && networks.isEmpty()
            && ports.isEmpty()
            && notPaths.isEmpty()
            && hosts.isEmpty()
            && headers.isEmpty()
            && unless.isEmpty()
            && !asksUser;
  }

  private static List<Header> sorted(Map<String, List<ValuePattern>> headers) {
    return headers.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(header -> new Header(header.getKey(), header.getValue()))
        .toList();
  }

  /** Whether one of the patterns names the caller; for grants that name somebody. */
  boolean namesCaller(Peer peer) {
    return anyMatches(grant.callers().from(), peer);
  }

  /** All conditions that do not depend on a request, but who is named. */
  boolean takesConnection(Peer peer, int port) {
    if (!ports.isEmpty() && !ports.contains(port)) {
      return false;
    }
    if (!notFrom.isEmpty() && anyMatches(notFrom, peer)) {
      return false;
    }
    return networks.isEmpty() || isWithin(peer);
  }

  /** All conditions but those of who is named and which path. */
  boolean takes(Request request) {
    if (!methods.isEmpty() && !takesMethod(methods, request.method(), denies)) {
      return false;
    }
    return plain
        || (takesConnection(request.peer(), request.port())
            && !isExcepted(request.path())
            && (hosts.isEmpty() || takesHost(request.host()))
            && takesHeaders(headers, request.headers(), denies)
            && !isExcepted(request)
            && (!asksUser || takesUser(request.user().orElse(null))));
  }

  private static boolean takesMethod(Set<String> methods, String method, boolean generous) {
    return methods.contains(method)
        || (generous && methods.contains(method.toUpperCase(Locale.ROOT)));
  }

  private boolean isWithin(Peer peer) {
    for (int i = 0; i < networks.size(); i++) {
      if (networks.get(i).contains(peer.address())) {
        return true;
      }
    }
    return false;
  }

  private boolean isExcepted(String path) {
    return anyMatchesPath(notPaths, path);
  }

  /** Errs as the grant does: what only may be an exception is none of one that denies. */
  private boolean isExcepted(Request request) {
    for (int i = 0; i < unless.size(); i++) {
      Except except = unless.get(i);
      if ((except.methods().isEmpty() || takesMethod(except.methods(), request.method(), !denies))
          && (except.paths().isEmpty() || anyMatchesPath(except.paths(), request.path()))
          && takesHeaders(except.headers(), request.headers(), !denies)) {
        return true;
      }
    }
    return false;
  }

  private static boolean anyMatchesPath(List<PathPattern> patterns, String path) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(path)) {
        return true;
      }
    }
    return false;
  }

  private boolean takesHost(@Nullable String host) {
    if (host == null) {
      return denies;
    }
    for (int i = 0; i < hosts.size(); i++) {
      if (hosts.get(i).matches(host)) {
        return true;
      }
    }
    return false;
  }

  /** Of a header that stands there several times, one value denies, and all together allow. */
  private static boolean takesHeaders(
      List<Header> headers, Request.Fields fields, boolean generous) {
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      List<String> values = fields.values(header.name());
      if (values.isEmpty()) {
        return false;
      }
      int matching = 0;
      for (String value : values) {
        matching += anyMatches(header.values(), value) ? 1 : 0;
      }
      if (generous ? matching == 0 : matching < values.size()) {
        return false;
      }
    }
    return true;
  }

  private boolean takesUser(@Nullable EndUser user) {
    if (user == null) {
      return false;
    }
    Grant.Users wanted = grant.users();
    if (!wanted.issuers().isEmpty() && !wanted.issuers().contains(user.issuer())) {
      return false;
    }
    if (!wanted.audiences().isEmpty()
        && user.audiences().stream().noneMatch(wanted.audiences()::contains)) {
      return false;
    }
    for (Map.Entry<String, List<ValuePattern>> claim : wanted.claims().entrySet()) {
      List<String> values = user.claims().getOrDefault(claim.getKey(), List.of());
      if (values.stream().noneMatch(value -> anyMatches(claim.getValue(), value))) {
        return false;
      }
    }
    return true;
  }

  private static boolean anyMatches(List<ValuePattern> patterns, String value) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(value)) {
        return true;
      }
    }
    return false;
  }

  private boolean anyMatches(List<CallerPattern> patterns, Peer peer) {
    SpiffeId id = peer.id();
    if (id == null) {
      return false;
    }
    for (int i = 0; i < patterns.size(); i++) {
      if (CallerPattern.means(patterns.get(i), id, peer.uri(), trustDomain)) {
        return true;
      }
    }
    return false;
  }
}
