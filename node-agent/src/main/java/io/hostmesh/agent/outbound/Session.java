package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.RequestKeys;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Affinity;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import io.netty.handler.codec.http.cookie.CookieHeaderNames;
import io.netty.handler.codec.http.cookie.DefaultCookie;
import io.netty.handler.codec.http.cookie.ServerCookieEncoder;
import java.util.List;

/**
 * A caller is to stay with the instance that answered it.
 *
 * @param name of the session, by {@link io.hostmesh.agent.balance.Sessions}
 */
record Session(Affinity affinity, String name) {
  /**
   * Of a split by weight, the side that a request's session is on: whoever stays with an instance
   * is not drawn anew for each request.
   *
   * @param drawn what is made of requests without a session
   */
  static RouteTable.Decision side(
      RouteTable.Decision drawn,
      RouteTable route,
      ServiceName called,
      MeshView view,
      Members members,
      RequestKeys keys) {
    List<RouteTable.Decision> split = route.split(drawn.entry());
    if (split.isEmpty()) {
      return drawn;
    }
    for (RouteTable.Decision each : split) {
      if (holds(each, called, view, members, keys)) {
        return each;
      }
    }
    return drawn;
  }

  /** Whether the session is with an instance that this leads to. */
  private static boolean holds(
      RouteTable.Decision decision,
      ServiceName called,
      MeshView view,
      Members members,
      RequestKeys keys) {
    ServiceName service = decision.service() == null ? called : decision.service();
    Upstream upstream = view.upstream(service);
    Affinity affinity = upstream.affinity().orElse(null);
    String session = affinity == null ? null : keys.cookie(affinity.cookie());
    if (session == null) {
      return false;
    }
    RouteRule.Subset subset = decision.subset();
    if (decision.subsetName() != null) {
      subset =
          view.route(service)
              .map(declaring -> declaring.rule().subsets().get(decision.subsetName()))
              .orElse(null);
      if (subset == null) {
        return false;
      }
    }
    List<Endpoint> endpoints = view.endpoints(service).orElse(List.of());
    return members.kept(endpoints, upstream, subset, session, System.nanoTime()) != null;
  }

  /** The value of {@code set-cookie} (RFC 6265 section 4.1). */
  String cookie() {
    DefaultCookie cookie = new DefaultCookie(affinity.cookie(), name);
    cookie.setPath(affinity.path());
    cookie.setHttpOnly(true);
    cookie.setSameSite(CookieHeaderNames.SameSite.Lax);
    affinity.ttl().ifPresent(ttl -> cookie.setMaxAge(ttl.toSeconds()));
    return ServerCookieEncoder.STRICT.encode(cookie);
  }
}
