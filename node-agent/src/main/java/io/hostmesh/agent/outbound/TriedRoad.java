package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.protocol.DirectAnswer;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Idempotence;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.TryMeters;
import io.hostmesh.agent.tries.LatencyWindow;
import io.hostmesh.agent.tries.Tries;
import io.hostmesh.model.rules.HedgePolicy;
import io.hostmesh.model.rules.RetryPolicy;
import io.hostmesh.model.rules.Sending;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the tries of one request go, and what is counted of them. Used by its event loop only.
 *
 * @param opening hears of each instance that is sent the request
 * @param deadline of the request, which each try is told; null for none
 * @param latencies of the service's answers; null where nobody asks for them
 */
record TriedRoad(
    OutboundHttp connection,
    Resolution resolution,
    Consumer<Endpoint> opening,
    @Nullable Deadline deadline,
    @Nullable LatencyWindow latencies)
    implements TriedStream.Road {
  /** What a service may ask for where no timeout says how long its caller waits. */
  private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(10).toNanos();

  /** The stream of a request whose route may have it sent more than once; to be started. */
  static TriedStream stream(
      OutboundHttp connection,
      Resolution resolution,
      Sending how,
      HttpRequest head,
      @Nullable Deadline deadline,
      Consumer<Endpoint> opening,
      HttpStream.Observer to) {
    RetryPolicy policy = how.retry().orElse(RetryPolicy.DEFAULT);
    boolean idempotent = Idempotence.of(head.method());
    LatencyWindow latencies = null;
    TriedStream.Hedging hedging = null;
    if (idempotent && how.hedge().isPresent()) {
      HedgePolicy hedge = how.hedge().get();
      switch (hedge.when()) {
        case HedgePolicy.Slowness.After(Duration time) ->
            hedging = new TriedStream.Hedging(time, hedge.most());
        case HedgePolicy.Slowness.Percentile(int percent) -> {
          latencies = connection.sender().latencies(resolution.service());
          OptionalLong nanos = latencies.percentile(percent);
          if (nanos.isPresent()) {
            hedging = new TriedStream.Hedging(Duration.ofNanos(nanos.getAsLong()), hedge.most());
          }
        }
      }
    }
    return new TriedStream(
        connection.upstreams().loop(),
        to,
        new TriedRoad(connection, resolution, opening, deadline, latencies),
        new Tries(
            policy,
            idempotent || policy.allows(head.method().name()),
            resolution.load(),
            connection.sender().random(),
            () -> deadline == null ? LONGEST_PAUSE_NANOS : deadline.leftNanos()),
        DirectAnswer.isGrpc(head.headers()),
        hedging);
  }

  @Override
  public Resolution.Next another(boolean orAny) {
    return resolution.another(orAny);
  }

  @Override
  public void open(Members.Candidate to, HttpRequest head, HttpStream.Observer attempt) {
    if (deadline != null) {
      deadline.tell(head.headers());
    }
    opening.accept(to.endpoint());
    connection.open(to.endpoint(), head, attempt);
  }

  @Override
  public void broke(Members.Candidate at, Failure why) {
    resolution.broke(at, why);
  }

  @Override
  public void reached(Members.Candidate at) {
    at.member().reached();
  }

  @Override
  public void answered(Members.Candidate by, int status) {
    resolution.answered(by, status);
  }

  @Override
  public void over(Members.Candidate at, long nanos) {
    resolution.over(at);
    if (nanos > 0 && at.member().measured()) {
      at.member().answered(nanos, System.nanoTime());
    }
    if (latencies != null && nanos > 0) {
      latencies.add(nanos);
    }
  }

  private TryMeters meters() {
    return connection.sender().telemetry().metrics().tries();
  }

  @Override
  public void retried(String cause) {
    meters().retried(resolution.service(), cause);
  }

  @Override
  public void notRetried(Tries.Reason reason) {
    meters().notRetried(resolution.service(), reason.text());
  }

  @Override
  public void hedged(boolean won) {
    meters().hedged(resolution.service(), won);
  }
}
