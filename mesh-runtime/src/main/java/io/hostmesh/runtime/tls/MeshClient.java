package io.hostmesh.runtime.tls;

import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.X509TrustManager;

/** How a part of the mesh calls the control plane: HTTP/2 over TLS 1.3, with SVIDs. */
public final class MeshClient {
  private MeshClient() {}

  /**
   * Options for a client, to which the caller adds its own SVID where it has one. BoringSSL where
   * the program carries it, as agents do for the data path: a second TLS in the process would cost
   * some 450 classes.
   *
   * @param trust judges the server's SPIFFE ID; host names are not looked at, since SVIDs name none
   * @param connecting the longest that a connection, and then its handshake, may take
   */
  public static HttpClientOptions options(X509TrustManager trust, Duration connecting) {
    return new HttpClientOptions()
        .setSsl(true)
        .setSslEngineOptions(
            OpenSSLEngineOptions.isAvailable()
                ? new OpenSSLEngineOptions()
                : new JdkSSLEngineOptions())
        .setUseAlpn(true)
        .setProtocolVersion(HttpVersion.HTTP_2)
        .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
        .setVerifyHost(false)
        .setTrustOptions(TrustOptions.wrap(trust))
        .setConnectTimeout((int) connecting.toMillis())
        .setSslHandshakeTimeout(connecting.toMillis())
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
  }
}
