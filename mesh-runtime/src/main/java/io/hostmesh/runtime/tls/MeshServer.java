package io.hostmesh.runtime.tls;

import io.hostmesh.runtime.HostPort;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/**
 * The control plane's doors to the mesh: HTTP/2 over TLS 1.3, where both sides show SVIDs.
 *
 * @param keys the server's own SVID
 * @param trust lets clients in
 * @param clients whether a client has to show a certificate
 */
public record MeshServer(X509KeyManager keys, X509TrustManager trust, ClientAuth clients) {
  /** Whoever stays says or hears something at least every 30 s; silence for so long is dead. */
  private static final int IDLE_SECONDS = 120;

  /**
   * Listens.
   *
   * @param address as the configuration's key {@code listen} has it
   * @param requests handles the requests, for instance a gRPC server
   * @return fails with {@link io.hostmesh.runtime.UserError} where the address cannot be had
   */
  public Future<HttpServer> listen(
      Vertx vertx, HostPort address, Handler<HttpServerRequest> requests) {
    return listen(vertx, address, "listen", requests);
  }

  /** The same for an address that another key has. */
  public Future<HttpServer> listen(
      Vertx vertx, HostPort address, String key, Handler<HttpServerRequest> requests) {
    RefusedHandshakes refused = new RefusedHandshakes(address.toString());
    return vertx
        .createHttpServer(options())
        .requestHandler(requests)
        .exceptionHandler(refused::failed)
        .listen(address.port(), address.host())
        .recover(failure -> Future.failedFuture(address.cannotListen(key, failure)));
  }

  private HttpServerOptions options() {
    return new HttpServerOptions()
        .setSsl(true)
        .setUseAlpn(true)
        .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
        .setClientAuth(clients)
        .setKeyCertOptions(KeyCertOptions.wrap(keys))
        .setTrustOptions(TrustOptions.wrap(trust))
        .setIdleTimeout(IDLE_SECONDS)
        .setIdleTimeoutUnit(TimeUnit.SECONDS);
  }
}
