package io.hostmesh.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What dashboards made for Istio find, and what a log that is off costs. */
class MetricsPageTest {
  private static final String LABELS =
      "connection_security_policy=\"mutual_tls\",destination_app=\"shop\","
          + "destination_principal=\"spiffe://test.local/ns/default/dc/dc1/svc/shop\","
          + "destination_service=\"shop.default.mesh\",destination_service_name=\"shop\","
          + "destination_service_namespace=\"default\",destination_workload=\"shop\","
          + "destination_workload_namespace=\"default\",reporter=\"destination\","
          + "request_protocol=\"http\",response_code=\"%s\",response_flags=\"%s\","
          + "source_app=\"web\",source_principal=\"spiffe://test.local/ns/default/dc/dc1/svc/web\","
          + "source_workload=\"web\",source_workload_namespace=\"default\"";

  private final io.hostmesh.runtime.metrics.Metrics page =
      new io.hostmesh.runtime.metrics.Metrics("agent", "test");
  private final Metrics metrics = new Metrics(page.registry());
  private final RequestMeters meters = metrics.requests(call());

  private static Call call() {
    return new Call(
        Call.Reporter.DESTINATION, Optional.of(service("web")), service("shop"), "http", true);
  }

  private static SpiffeId.Service service(String name) {
    return SpiffeId.Service.of("test.local", "dc1", ServiceName.of(name));
  }

  private static Outcome outcome(int status, double milliseconds) {
    return new Outcome(status, Optional.empty(), 1, 2, (long) (milliseconds * 1e6));
  }

  @Test
  void requestsAreCountedAndTimedByHowTheyEnded() {
    meters.ended(outcome(200, 0.2));
    meters.ended(outcome(200, 7));
    metrics.requests(call()).ended(outcome(200, 7_200_000));
    meters.ended(outcome(404, 1));
    Failure failure = new Failure(Failure.Kind.CONNECT_FAILED, "nobody there");
    meters.ended(new Outcome(503, Optional.of(failure), 0, 0, 1));

    String of200 = LABELS.formatted("200", "-");
    String histogram = "istio_request_duration_milliseconds_";
    assertThat(page.page().lines())
        .contains(
            "istio_requests_total{" + of200 + "} 3.0",
            "istio_requests_total{" + LABELS.formatted("404", "-") + "} 1.0",
            "istio_requests_total{" + LABELS.formatted("503", "UF") + "} 1.0",
            "# TYPE istio_request_duration_milliseconds histogram",
            histogram + "bucket{" + of200 + ",le=\"1.0\"} 1",
            histogram + "bucket{" + of200 + ",le=\"5.0\"} 1",
            histogram + "bucket{" + of200 + ",le=\"10.0\"} 2",
            histogram + "bucket{" + of200 + ",le=\"3600000.0\"} 2",
            histogram + "bucket{" + of200 + ",le=\"+Inf\"} 3",
            histogram + "count{" + of200 + "} 3",
            histogram + "sum{" + of200 + "} 7200007.2");
  }

  @Test
  void aLogThatIsOffIsAskedForNoDetails() {
    List<String> lines = new ArrayList<>();
    Telemetry.Details details =
        Telemetry.Details.request("shop-1", "10.0.0.1", "GET", "/x", "id-1", "rule");
    new Telemetry(metrics, lines::add, Clock.systemUTC())
        .request(meters, outcome(200, 1), () -> details);
    assertThat(lines).hasSize(1).first().asString().contains("\"path\":\"/x\"", "\"status\":200");

    new Telemetry(metrics, AccessLog.none(), Clock.systemUTC())
        .request(
            meters,
            outcome(200, 1),
            () -> {
              throw new AssertionError("nobody reads them");
            });
  }
}
