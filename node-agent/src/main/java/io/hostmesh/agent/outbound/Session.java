package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.RequestKeys;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Affinity;
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
    Upstream upstream = view.upstream(called);
    List<Endpoint> endpoints = view.endpoints(called).orElse(List.of());
    String session = upstream.affinity().map(each -> keys.cookie(each.cookie())).orElse(null);
    if (session != null) {
      long now = System.nanoTime();
      for (RouteTable.Decision each : split) {
        if (members.kept(endpoints, upstream, each.subset(), session, now) != null) {
          return each;
        }
      }
    }
    return drawn;
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
