package io.hostmesh.runtime.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void end() {
    vertx.close().await();
  }

  @Test
  void tellsMetersAndReadiness() throws Exception {
    Metrics metrics = new Metrics("example", "1.2");
    metrics.registry().counter("hostmesh_examples").increment();
    AtomicReference<Optional<String>> problem =
        new AtomicReference<>(Optional.of("has not connected yet"));
    Readiness readiness = new Readiness();
    readiness.require("registry", problem::get);
    HttpServer server =
        MetricsServer.listen(vertx, new HostPort("127.0.0.1", 0), metrics, readiness).await();

    assertThat(get(server, "/metrics").body())
        .contains("hostmesh_build{daemon=\"example\",version=\"1.2\"} 1.0")
        .contains("hostmesh_examples_total 1.0")
        .contains("hostmesh_jvm_heap_used_bytes");
    assertThat(get(server, "/healthz").statusCode()).isEqualTo(200);
    HttpResponse<String> notYet = get(server, "/readyz");
    assertThat(notYet.statusCode()).isEqualTo(503);
    assertThat(notYet.body()).isEqualTo("registry: has not connected yet\n");
    problem.set(Optional.empty());
    assertThat(get(server, "/readyz").statusCode()).isEqualTo(200);
    assertThat(get(server, "/else").statusCode()).isEqualTo(404);

    HostPort taken = new HostPort("127.0.0.1", server.actualPort());
    assertThatThrownBy(() -> MetricsServer.listen(vertx, taken, metrics, readiness).await())
        .isInstanceOf(UserError.class)
        .hasMessageContaining(taken.toString())
        .hasMessageContaining("metrics.listen");
  }

  private static HttpResponse<String> get(HttpServer server, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort() + path))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
