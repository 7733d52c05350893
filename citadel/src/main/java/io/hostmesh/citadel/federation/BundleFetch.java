package io.hostmesh.citadel.federation;

import io.hostmesh.citadel.federation.FederationSettings.Domain;
import io.hostmesh.citadel.federation.FederationSettings.Profile;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Asks a bundle endpoint once, over a connection of its own. Follows no redirect. */
final class BundleFetch {
  private static final int SECONDS = 10;

  private BundleFetch() {}

  /**
   * @param roots the domain's own, which its endpoint is judged by with https-spiffe
   */
  static Future<String> fetch(
      Vertx vertx, Domain domain, Supplier<List<X509Certificate>> roots, InstantSource clock) {
    HttpClient client = vertx.createHttpClient(options(domain, roots, clock));
    return client
        .request(
            new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(domain.endpoint().toString()))
        .compose(request -> request.send())
        .compose(BundleFetch::body)
        .timeout(SECONDS, TimeUnit.SECONDS)
        .onComplete(_ -> client.close());
  }

  private static HttpClientOptions options(
      Domain domain, Supplier<List<X509Certificate>> roots, InstantSource clock) {
    HttpClientOptions options =
        new HttpClientOptions()
            .setSsl(true)
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.3", "TLSv1.2"))
            .setConnectTimeout(SECONDS * 1_000);
    if (domain.profile() == Profile.HTTPS_SPIFFE) {
      // SVIDs name no hosts.
      return options
          .setVerifyHost(false)
          .setTrustOptions(
              TrustOptions.wrap(
                  new EndpointTrust(domain.endpointId().orElseThrow(), roots, clock)));
    }
    domain
        .caFile()
        .ifPresent(
            file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
    return options.setVerifyHost(true);
  }

  private static Future<String> body(HttpClientResponse response) {
    if (response.statusCode() != 200) {
      return Future.failedFuture("the endpoint answered " + response.statusCode());
    }
    Promise<String> body = Promise.promise();
    Buffer bytes = Buffer.buffer();
    response.handler(
        chunk -> {
          bytes.appendBuffer(chunk);
          if (bytes.length() > BundleDocument.MOST_BYTES) {
            body.tryFail("the bundle is longer than " + BundleDocument.MOST_BYTES + " bytes");
            response.request().reset();
          }
        });
    response.exceptionHandler(body::tryFail);
    response.endHandler(_ -> body.tryComplete(bytes.toString(StandardCharsets.UTF_8)));
    return body.future();
  }
}
