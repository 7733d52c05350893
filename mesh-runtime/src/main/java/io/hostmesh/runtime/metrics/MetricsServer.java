package io.hostmesh.runtime.metrics;

import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;

/**
 * Plain HTTP for monitoring: {@code /metrics}, {@code /healthz} (the process runs) and {@code
 * /readyz} (200 or 503 with the reasons). Nothing can be changed here.
 */
public final class MetricsServer {
  private MetricsServer() {}

  /**
   * Listens.
   *
   * @return fails with {@link UserError} where the address cannot be had
   */
  public static Future<HttpServer> listen(
      Vertx vertx, HostPort address, Metrics metrics, Readiness readiness) {
    return vertx
        .createHttpServer(new HttpServerOptions().setIdleTimeout(60))
        .requestHandler(request -> answer(request, metrics, readiness))
        .listen(address.port(), address.host())
        .recover(failure -> Future.failedFuture(address.cannotListen("metrics.listen", failure)));
  }

  /** Answers one request; for daemons that accept connections by themselves. */
  public static void answer(HttpServerRequest request, Metrics metrics, Readiness readiness) {
    switch (String.valueOf(request.path())) {
      case "/metrics" -> answer(request, 200, Metrics.MEDIA_TYPE, metrics.page());
      case "/healthz" -> answer(request, 200, "text/plain", "alive\n");
      case "/readyz" ->
          answer(
              request, readiness.problems().isEmpty() ? 200 : 503, "text/plain", readiness.page());
      default ->
          answer(request, 404, "text/plain", "there are /metrics, /healthz and /readyz here\n");
    }
  }

  private static void answer(HttpServerRequest request, int status, String type, String body) {
    request.response().setStatusCode(status).putHeader("content-type", type).end(body);
  }
}
