package io.hostmesh.agent.outbound;

import io.hostmesh.model.rules.Affinity;
import io.netty.handler.codec.http.cookie.CookieHeaderNames;
import io.netty.handler.codec.http.cookie.DefaultCookie;
import io.netty.handler.codec.http.cookie.ServerCookieEncoder;

/**
 * A caller is to stay with the instance that answered it.
 *
 * @param name of the session, by {@link io.hostmesh.agent.balance.Sessions}
 */
record Session(Affinity affinity, String name) {
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
