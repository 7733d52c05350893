package io.hostmesh.citadel.federation;

import io.hostmesh.citadel.federation.FederationSettings.Profile;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where other trust domains read this one's bundle (SPIFFE Federation section 5). */
public final class BundleEndpoint {
  private static final int IDLE_SECONDS = 20;

  private BundleEndpoint() {}

  /** With forward secrecy, and encryption that authenticates: without CBC and SHA-1. */
  private static final List<String> CIPHER_SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  /**
   * Listens; answers everyone, since a bundle is no secret.
   *
   * @param own citadel's SVID at each handshake, for https-spiffe
   * @param document the document that holds now; may block for moments
   * @return fails with {@link UserError} where the address cannot be had
   */
  public static Future<HttpServer> listen(
      Vertx vertx,
      HostPort address,
      FederationSettings settings,
      Supplier<@Nullable Svid> own,
      Supplier<String> document) {
    HttpServerOptions options =
        new HttpServerOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.3", "TLSv1.2"))
            .setIdleTimeout(IDLE_SECONDS)
            .setKeyCertOptions(keys(settings, own));
    CIPHER_SUITES.forEach(options::addEnabledCipherSuite);
    return vertx
        .createHttpServer(options)
        .requestHandler(request -> answer(vertx, request, document))
        .exceptionHandler(_ -> {})
        .listen(address.port(), address.host())
        .recover(failure -> Future.failedFuture(address.cannotListen("federation", failure)));
  }

  private static KeyCertOptions keys(FederationSettings settings, Supplier<@Nullable Svid> own) {
    if (settings.profile() == Profile.HTTPS_SPIFFE) {
      return KeyCertOptions.wrap(new SvidKeyManager(own));
    }
    return new PemKeyCertOptions()
        .setCertPath(settings.certFile().orElseThrow().toString())
        .setKeyPath(settings.keyFile().orElseThrow().toString());
  }

  private static void answer(Vertx vertx, HttpServerRequest request, Supplier<String> document) {
    if (!request.method().equals(HttpMethod.GET)) {
      request.response().setStatusCode(405).putHeader("allow", "GET").end();
      return;
    }
    vertx
        .executeBlocking(document::get)
        .onSuccess(
            text -> request.response().putHeader("content-type", "application/json").end(text))
        .onFailure(_ -> request.response().setStatusCode(503).end());
  }
}
