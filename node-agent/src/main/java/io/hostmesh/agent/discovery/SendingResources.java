package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.Fault;
import io.hostmesh.api.v1.Hedge;
import io.hostmesh.api.v1.Mirror;
import io.hostmesh.api.v1.Retry;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.HedgePolicy;
import io.hostmesh.model.rules.MirrorPolicy;
import io.hostmesh.model.rules.RetryConditions;
import io.hostmesh.model.rules.RetryPolicy;
import io.hostmesh.model.rules.Sending;
import io.hostmesh.model.rules.Share;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;

/** How requests are sent, as pilot hands it out. */
final class SendingResources {
  private SendingResources() {}

  static Sending sending(RouteEntry entry) throws UnusableResource {
    Sending sending =
        new Sending(
            time(entry.getTimeoutMillis()),
            entry.hasRetry() ? Optional.of(retry(entry.getRetry())) : Optional.empty(),
            entry.hasHedge() ? Optional.of(hedge(entry.getHedge())) : Optional.empty(),
            entry.hasFault() ? Optional.of(fault(entry.getFault())) : Optional.empty(),
            entry.hasMirror() ? Optional.of(mirror(entry.getMirror())) : Optional.empty());
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

  private static FaultPolicy fault(Fault message) throws UnusableResource {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      throw MatchResources.newer();
    }
    boolean aborts = message.getAbortStatus() != 0 || message.getAbortGrpcStatus() != 0;
    return new FaultPolicy(
        time(message.getDelayMillis())
            .map(time -> new FaultPolicy.Delay(time, new Share(message.getDelayShare()))),
        aborts
            ? Optional.of(
                new FaultPolicy.Abort(
                    number(message.getAbortStatus()),
                    number(message.getAbortGrpcStatus()),
                    new Share(message.getAbortShare())))
            : Optional.empty(),
        MatchResources.values(message.getHeadersMap()));
  }

  private static OptionalInt number(int value) {
    return value == 0 ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static MirrorPolicy mirror(Mirror message) {
    return new MirrorPolicy(
        RouteResources.text(message.getService()).map(ServiceName::parse),
        RouteResources.text(message.getSubset()),
        new Share(message.getShare()));
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
