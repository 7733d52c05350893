package io.hostmesh.agent.telemetry;

import io.hostmesh.model.ServiceName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What calls did, under Istio's names and labels (<a
 * href="https://istio.io/latest/docs/reference/config/metrics/">Istio standard metrics</a>), so
 * that dashboards made for it work; the agent's own begin with {@code hostmesh_}. Any thread;
 * meters are resolved once for each combination of labels.
 */
public final class Metrics {
  /** Istio's histogram bounds, in milliseconds. */
  private static final double[] MILLISECONDS = {
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000,
    1800000, 3600000
  };

  private record RequestKey(Call call, int status, String flag) {}

  private record RequestMeters(Counter requests, DistributionSummary milliseconds) {}

  private record ConnectionMeters(Counter opened, Counter closed, Counter sent, Counter received) {}

  private record ConnectionKey(Call call, String flag) {}

  private final MeterRegistry registry;
  private final ConcurrentHashMap<RequestKey, RequestMeters> requests = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<ConnectionKey, ConnectionMeters> connections =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Failure.Kind, Counter> refusals = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<ServiceName, Counter> plaintext = new ConcurrentHashMap<>();
  private final AtomicInteger open = new AtomicInteger();

  public Metrics(MeterRegistry registry) {
    this.registry = registry;
    registry.gauge("hostmesh_open_connections", open);
  }

  /** An HTTP request ended. */
  public void request(Call call, Outcome outcome) {
    RequestMeters meters =
        requests.computeIfAbsent(
            new RequestKey(call, outcome.status(), outcome.flag()), this::requestMeters);
    meters.requests().increment();
    meters.milliseconds().record(outcome.nanos() / 1e6);
  }

  private RequestMeters requestMeters(RequestKey key) {
    Tags tags = tags(key.call(), key.flag()).and("response_code", String.valueOf(key.status()));
    return new RequestMeters(
        Counter.builder("istio_requests").tags(tags).register(registry),
        DistributionSummary.builder("istio_request_duration_milliseconds")
            .serviceLevelObjectives(MILLISECONDS)
            .tags(tags)
            .register(registry));
  }

  /** A TCP connection of a service began. */
  public void connectionOpened(Call call) {
    connection(call, "-").opened().increment();
  }

  /** A TCP connection ended; where it was refused it was never opened. */
  public void connectionClosed(Call call, Outcome outcome) {
    ConnectionMeters meters = connection(call, outcome.flag());
    meters.closed().increment();
    // Istio counts from the client's point of view: sent is what the connection sent as response.
    meters.sent().increment((double) outcome.responseBytes());
    meters.received().increment((double) outcome.requestBytes());
  }

  private ConnectionMeters connection(Call call, String flag) {
    return connections.computeIfAbsent(new ConnectionKey(call, flag), this::connectionMeters);
  }

  private ConnectionMeters connectionMeters(ConnectionKey key) {
    Tags tags = tags(key.call(), key.flag());
    return new ConnectionMeters(
        Counter.builder("istio_tcp_connections_opened").tags(tags).register(registry),
        Counter.builder("istio_tcp_connections_closed").tags(tags).register(registry),
        Counter.builder("istio_tcp_sent_bytes").tags(tags).register(registry),
        Counter.builder("istio_tcp_received_bytes").tags(tags).register(registry));
  }

  /** A call was refused or could not be carried out. */
  public void failed(Failure.Kind kind) {
    refusals
        .computeIfAbsent(
            kind,
            k ->
                Counter.builder("hostmesh_failures")
                    .description("Calls that this agent refused or could not carry out")
                    .tags("flag", k.flag(), "failure", k.name())
                    .register(registry))
        .increment();
  }

  /** A caller without identity was let in, since the mesh is permissive. */
  public void plaintext(ServiceName service) {
    plaintext
        .computeIfAbsent(
            service,
            s ->
                Counter.builder("hostmesh_plaintext_connections")
                    .description("Connections without an identity that were let in")
                    .tags("destination_service_name", s.name())
                    .tags("destination_service_namespace", s.namespace())
                    .register(registry))
        .increment();
  }

  public void accepted() {
    open.incrementAndGet();
  }

  public void ended() {
    open.decrementAndGet();
  }

  private static Tags tags(Call call, String flag) {
    ServiceName service = call.service();
    String source = call.source().map(s -> s.service()).orElse("unknown");
    return Tags.of(
        "reporter", call.reporter().text(),
        "source_workload", source,
        "source_workload_namespace", call.source().map(s -> s.namespace()).orElse("unknown"),
        "source_app", source,
        "source_principal", call.source().map(s -> s.uri()).orElse("unknown"),
        "destination_workload", service.name(),
        "destination_workload_namespace", service.namespace(),
        "destination_app", service.name(),
        "destination_principal", call.destination().uri(),
        "destination_service", service.name() + "." + service.namespace() + ".mesh",
        "destination_service_name", service.name(),
        "destination_service_namespace", service.namespace(),
        "request_protocol", call.protocol(),
        "response_flags", flag,
        "connection_security_policy", policy(call));
  }

  /** Istio leaves the source's side open, since only the destination knows. */
  private static String policy(Call call) {
    return call.reporter() == Call.Reporter.SOURCE
        ? "unknown"
        : call.secured() ? "mutual_tls" : "none";
  }

  /** Failures of a kind so far, for status and tests. */
  public double failures(Failure.Kind kind) {
    return Optional.ofNullable(refusals.get(kind)).map(Counter::count).orElse(0.0);
  }
}
