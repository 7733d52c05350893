package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.Hedge;
import io.hostmesh.api.v1.Retry;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.model.rules.HedgePolicy;
import io.hostmesh.model.rules.RetryConditions;
import io.hostmesh.model.rules.RetryPolicy;
import io.hostmesh.model.rules.Sending;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;

/** How requests are sent, as pilot hands it out. */
final class SendingResources {
  private SendingResources() {}

  static Sending sending(RouteEntry entry) throws UnusableResource {
    Sending sending =
        new Sending(
            time(entry.getTimeoutMillis()),
            entry.hasRetry() ? Optional.of(retry(entry.getRetry())) : Optional.empty(),
            entry.hasHedge() ? Optional.of(hedge(entry.getHedge())) : Optional.empty());
    return sending.equals(Sending.PLAIN) ? Sending.PLAIN : sending;
  }

  private static Optional<Duration> time(long millis) {
    return millis <= 0 ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
  }

  private static RetryPolicy retry(Retry message) throws UnusableResource {
    RetryConditions on;
    try {
      on = RetryConditions.parse(message.getOnList());
    } catch (IllegalArgumentException e) {
      throw new UnusableResource(
          "retries after what this version does not know: " + e.getMessage());
    }
    if (message.getAttempts() < 1 || message.getAttempts() > RetryPolicy.MAX_ATTEMPTS) {
      throw new UnusableResource(
          "has " + message.getAttempts() + " attempts, not 1 to " + RetryPolicy.MAX_ATTEMPTS);
    }
    return new RetryPolicy(
        message.getAttempts(),
        time(message.getPerTryTimeoutMillis()),
        on,
        new HashSet<>(message.getHeadersList()),
        new HashSet<>(message.getMethodsList()),
        new RetryPolicy.Backoff(
            Duration.ofMillis(Math.max(1, message.getBackoffBaseMillis())),
            Duration.ofMillis(Math.max(1, message.getBackoffMaxMillis()))),
        Math.max(0, message.getBodyLimit()));
  }

  private static HedgePolicy hedge(Hedge message) throws UnusableResource {
    return new HedgePolicy(
        switch (message.getWhenCase()) {
          case AFTER_MILLIS ->
              new HedgePolicy.Slowness.After(
                  Duration.ofMillis(Math.max(1, message.getAfterMillis())));
          case PERCENTILE -> new HedgePolicy.Slowness.Percentile(message.getPercentile());
          case WHEN_NOT_SET ->
              throw new UnusableResource("hedges in a way that this version does not know");
        },
        Math.clamp(message.getMost(), 1, HedgePolicy.MOST));
  }
}
