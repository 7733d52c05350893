package io.hostmesh.agent.telemetry;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/**
 * What calls did, under Istio's names and labels (<a
 * href="https://istio.io/latest/docs/reference/config/metrics/">Istio standard metrics</a>), so
 * that dashboards made for it work; the agent's own begin with {@code hostmesh_}. Any thread.
 */
public final class Metrics {
  private record Handshake(Call.Reporter side, boolean resumed) {}

  private final MeterRegistry registry;
  private final ConcurrentHashMap<Call, RequestMeters> requests = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Call, ConnectionMeters> connections = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Failure.Kind, Counter> refusals = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<ServiceName, Counter> plaintext = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Handshake, Counter> handshakes = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Mark, Counter> access = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Mark, Counter> limited = new ConcurrentHashMap<>();
  private final TryMeters tries;
  private final AtomicInteger open = new AtomicInteger();

  public Metrics(MeterRegistry registry) {
    this.registry = registry;
    this.tries = new TryMeters(registry);
    registry.gauge("hostmesh_open_connections", open);
  }

  /** The meters of such requests; to be asked for once, not for each request. */
  public RequestMeters requests(Call call) {
    return call.isForeign()
        ? new RequestMeters(registry, call)
        : requests.computeIfAbsent(call, c -> new RequestMeters(registry, c));
  }

  /** The meters of such TCP connections. */
  public ConnectionMeters connections(Call call) {
    return call.isForeign()
        ? new ConnectionMeters(registry, call)
        : connections.computeIfAbsent(call, c -> new ConnectionMeters(registry, c));
  }

  /** What is done with requests beside sending them once. */
  public TryMeters tries() {
    return tries;
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

  /** A rule decided on a call, or noted it. */
  public void access(Mark mark) {
    Counter known = access.get(mark);
    if (known == null) {
      known =
          access.computeIfAbsent(
              mark,
              m ->
                  Counter.builder("hostmesh_access_decisions")
                      .description("What access rules decided, and what those on trial would have")
                      .tags("rule", m.rule(), "decision", m.kind().text())
                      .register(registry));
    }
    known.increment();
  }

  /** A limit refused a call, or would have if it were not on trial. */
  public void limited(Mark mark) {
    limited
        .computeIfAbsent(
            mark,
            m ->
                Counter.builder("hostmesh_rate_limited")
                    .description("Calls that a limit refused, or on trial would have refused")
                    .tags("rule", m.rule())
                    .tags("dry_run", m.kind() == Mark.Kind.DRY_RUN_DENY ? "true" : "false")
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

  /**
   * Another agent has proven who it is.
   *
   * @param side whether this agent opened the connection (source) or took it
   * @param resumed whether by the session of an earlier connection instead of a certificate
   */
  public void handshake(Call.Reporter side, boolean resumed) {
    handshakes
        .computeIfAbsent(
            new Handshake(side, resumed),
            h ->
                Counter.builder("hostmesh_tls_handshakes")
                    .description("TLS handshakes with other agents")
                    .tags("reporter", h.side().text(), "resumed", h.resumed() ? "true" : "false")
                    .register(registry))
        .increment();
  }

  public void accepted() {
    open.incrementAndGet();
  }

  public void ended() {
    open.decrementAndGet();
  }

  /**
   * Shows a number of a service that this host calls, for as long as the agent runs.
   *
   * @param name without its prefix, {@code hostmesh_upstream_}
   * @param more further labels, by turns their names and values
   */
  public <T> void upstreamGauge(
      String name,
      String description,
      ServiceName service,
      T of,
      ToDoubleFunction<T> value,
      String... more) {
    Gauge.builder("hostmesh_upstream_" + name, of, value)
        .description(description)
        .tags(upstream(service).and(more))
        .strongReference(true)
        .register(registry);
  }

  /** The same for a number that only grows. */
  public <T> void upstreamCounter(
      String name,
      String description,
      ServiceName service,
      T of,
      ToDoubleFunction<T> value,
      String... more) {
    FunctionCounter.builder("hostmesh_upstream_" + name, of, value)
        .description(description)
        .tags(upstream(service).and(more))
        .register(registry);
  }

  private static Tags upstream(ServiceName service) {
    return Tags.of(
        "destination_service_name",
        service.name(),
        "destination_service_namespace",
        service.namespace());
  }

  /** Istio's labels. */
  static Tags tags(Call call, String flag) {
    ServiceName service = call.service();
    Optional<SpiffeId.Service> caller =
        call.source().map(id -> id instanceof SpiffeId.Service s ? s : null);
    String source = caller.map(SpiffeId.Service::service).orElse("unknown");
    return Tags.of(
        "reporter", call.reporter().text(),
        "source_workload", source,
        "source_workload_namespace", caller.map(SpiffeId.Service::namespace).orElse("unknown"),
        "source_app", source,
        "source_principal", call.source().map(Metrics::principal).orElse("unknown"),
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

  /** Of another trust domain its name only: it may have, or make up, any number of ids. */
  private static String principal(SpiffeId id) {
    return id instanceof SpiffeId.Foreign ? "spiffe://" + id.trustDomain() : id.uri();
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
