package io.hostmesh.agent.telemetry;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What is noted when a request ends, with the access log off. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TelemetryBench {
  private final Telemetry telemetry =
      new Telemetry(
          new Metrics(new io.hostmesh.runtime.metrics.Metrics("agent", "bench").registry()),
          AccessLog.none(),
          Clock.systemUTC());
  private final SpiffeId.Service web =
      SpiffeId.Service.of("bench.local", "dc1", ServiceName.of("web"));
  private final SpiffeId.Service shop =
      SpiffeId.Service.of("bench.local", "dc1", ServiceName.of("shop"));
  private final RequestMeters meters =
      telemetry
          .metrics()
          .requests(new Call(Call.Reporter.SOURCE, Optional.of(web), shop, "http", true));
  private final Outcome outcome = new Outcome(200, Optional.empty(), 0, 100, 731_000);
  private final String target = "/api/items";

  @Benchmark
  public void request() {
    telemetry.request(meters, outcome, this::details);
  }

  private Telemetry.Details details() {
    return Telemetry.Details.request("shop-1", "10.0.0.1:15008", "GET", target, "id", "rule");
  }
}
