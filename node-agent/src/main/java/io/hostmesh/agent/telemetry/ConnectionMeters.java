package io.hostmesh.agent.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.ConcurrentHashMap;

/** What TCP connections of one caller to one service are counted by. Any thread. */
public final class ConnectionMeters {
  private record Ending(Counter opened, Counter closed, Counter sent, Counter received) {}

  private final MeterRegistry registry;
  private final Call call;
  private final ConcurrentHashMap<String, Ending> endings = new ConcurrentHashMap<>();

  ConnectionMeters(MeterRegistry registry, Call call) {
    this.registry = registry;
    this.call = call;
  }

  public Call call() {
    return call;
  }

  /** A connection began. */
  public void opened() {
    ending("-").opened().increment();
  }

  /** A connection ended; where it was refused it was never opened. */
  void closed(Outcome outcome) {
    Ending ending = ending(outcome.flag());
    ending.closed().increment();
    // Istio counts from the client's point of view: sent is what the connection sent as response.
    ending.sent().increment((double) outcome.responseBytes());
    ending.received().increment((double) outcome.requestBytes());
  }

  private Ending ending(String flag) {
    return endings.computeIfAbsent(flag, this::made);
  }

  private Ending made(String flag) {
    Tags tags = Metrics.tags(call, flag);
    return new Ending(
        Counter.builder("istio_tcp_connections_opened").tags(tags).register(registry),
        Counter.builder("istio_tcp_connections_closed").tags(tags).register(registry),
        Counter.builder("istio_tcp_sent_bytes").tags(tags).register(registry),
        Counter.builder("istio_tcp_received_bytes").tags(tags).register(registry));
  }
}
