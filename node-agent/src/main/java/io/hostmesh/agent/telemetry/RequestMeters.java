package io.hostmesh.agent.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What requests of one caller to one service are counted by, for each way they ended. Found once
 * for a connection, so that a request looks nothing up by its labels. Any thread.
 */
public final class RequestMeters {
  /** Istio's histogram bounds, in milliseconds. */
  private static final double[] MILLISECONDS = {
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000,
    1800000, 3600000
  };

  private record Ending(
      int status, String flag, Counter requests, DistributionSummary milliseconds) {}

  private final MeterRegistry registry;
  private final Call call;

  /** The few ways in which these requests ended so far. Never changed once it is here. */
  private volatile Ending[] endings = {};

  RequestMeters(MeterRegistry registry, Call call) {
    this.registry = registry;
    this.call = call;
  }

  public Call call() {
    return call;
  }

  void ended(Outcome outcome) {
    Ending ending = ending(outcome.status(), outcome.flag());
    ending.requests().increment();
    ending.milliseconds().record(outcome.nanos() / 1e6);
  }

  private Ending ending(int status, String flag) {
    Ending known = find(status, flag);
    return known == null ? add(status, flag) : known;
  }

  private @Nullable Ending find(int status, String flag) {
    for (Ending known : endings) {
      if (known.status() == status && known.flag().equals(flag)) {
        return known;
      }
    }
    return null;
  }

  private synchronized Ending add(int status, String flag) {
    Ending known = find(status, flag);
    if (known != null) {
      return known;
    }
    Tags tags = Metrics.tags(call, flag).and("response_code", String.valueOf(status));
    Ending made =
        new Ending(
            status,
            flag,
            Counter.builder("istio_requests").tags(tags).register(registry),
            DistributionSummary.builder("istio_request_duration_milliseconds")
                .serviceLevelObjectives(MILLISECONDS)
                .tags(tags)
                .register(registry));
    Ending[] more = Arrays.copyOf(endings, endings.length + 1);
    more[endings.length] = made;
    endings = more;
    return made;
  }
}
