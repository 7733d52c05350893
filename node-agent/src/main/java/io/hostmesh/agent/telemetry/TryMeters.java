package io.hostmesh.agent.telemetry;

import io.hostmesh.model.ServiceName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ConcurrentHashMap;

/** Counts what this agent does with requests beside sending them once. Any thread. */
public final class TryMeters {
  private record Key(ServiceName service, String meter, String value) {}

  private final MeterRegistry registry;
  private final ConcurrentHashMap<Key, Counter> counters = new ConcurrentHashMap<>();

  TryMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * A request to a service is tried again.
   *
   * @param cause the condition of the rule that held
   */
  public void retried(ServiceName service, String cause) {
    count(service, "hostmesh_retries", "Requests tried again", "cause", cause);
  }

  /** Another try was wanted and not made. */
  public void notRetried(ServiceName service, String reason) {
    count(
        service,
        "hostmesh_retries_not_made",
        "Requests that the rule wanted tried again, and which were not",
        "reason",
        reason);
  }

  /**
   * A copy went beside a slow try.
   *
   * @param won whether its answer was the caller's
   */
  public void hedged(ServiceName service, boolean won) {
    count(service, "hostmesh_hedges", "Copies of slow requests", "won", won ? "true" : "false");
  }

  /**
   * A request met a fault of a rule.
   *
   * @param fault {@code delay} or {@code abort}
   */
  public void faulted(ServiceName service, String fault) {
    count(service, "hostmesh_faults", "Faults that rules ask for", "fault", fault);
  }

  /**
   * A copy of a request was sent to be seen, or could not be.
   *
   * @param service that gets copies
   * @param result {@code answered}, {@code failed} or {@code dropped}
   */
  public void mirrored(ServiceName service, String result) {
    count(service, "hostmesh_mirrored", "Copies of requests", "result", result);
  }

  private void count(
      ServiceName service, String meter, String description, String tag, String value) {
    counters
        .computeIfAbsent(
            new Key(service, meter, value),
            _ ->
                Counter.builder(meter)
                    .description(description)
                    .tags("destination_service_name", service.name())
                    .tags("destination_service_namespace", service.namespace())
                    .tags(tag, value)
                    .register(registry))
        .increment();
  }
}
