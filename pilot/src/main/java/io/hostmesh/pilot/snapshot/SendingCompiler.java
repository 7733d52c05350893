package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.Fault;
import io.hostmesh.api.v1.Hedge;
import io.hostmesh.api.v1.Mirror;
import io.hostmesh.api.v1.Retry;
import io.hostmesh.api.v1.RouteEntry;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.HedgePolicy;
import io.hostmesh.model.rules.MirrorPolicy;
import io.hostmesh.model.rules.RetryPolicy;
import io.hostmesh.model.rules.Sending;
import java.time.Duration;

/** How requests are sent, as agents read it. */
final class SendingCompiler {
  private SendingCompiler() {}

  static void sending(Sending sending, RouteEntry.Builder entry) {
    sending.timeout().map(Duration::toMillis).ifPresent(entry::setTimeoutMillis);
    sending.retry().map(SendingCompiler::retry).ifPresent(entry::setRetry);
    sending.hedge().map(SendingCompiler::hedge).ifPresent(entry::setHedge);
    sending.fault().map(SendingCompiler::fault).ifPresent(entry::setFault);
    sending.mirror().map(SendingCompiler::mirror).ifPresent(entry::setMirror);
  }

  private static Retry retry(RetryPolicy policy) {
    Retry.Builder retry =
        Retry.newBuilder()
            .setAttempts(policy.attempts())
            .setPerTryTimeoutMillis(policy.perTryTimeout().map(Duration::toMillis).orElse(0L))
            .addAllOn(policy.on().texts())
            .setBackoffBaseMillis(policy.backoff().base().toMillis())
            .setBackoffMaxMillis(policy.backoff().max().toMillis())
            .setBodyLimit(policy.bodyLimit());
    RuleCompiler.sorted(policy.headers()).forEach(retry::addHeaders);
    RuleCompiler.sorted(policy.methods()).forEach(retry::addMethods);
    return retry.build();
  }

  private static Fault fault(FaultPolicy policy) {
    Fault.Builder fault = Fault.newBuilder();
    policy
        .delay()
        .ifPresent(
            delay ->
                fault
                    .setDelayMillis(delay.time().toMillis())
                    .setDelayShare(delay.share().basisPoints()));
    policy
        .abort()
        .ifPresent(
            abort ->
                fault
                    .setAbortStatus(abort.status().orElse(0))
                    .setAbortGrpcStatus(abort.grpcStatus().orElse(0))
                    .setAbortShare(abort.share().basisPoints()));
    policy.headers().forEach((name, value) -> fault.putHeaders(name, RouteCompiler.value(value)));
    return fault.build();
  }

  private static Mirror mirror(MirrorPolicy policy) {
    return Mirror.newBuilder()
        .setService(policy.service().map(ServiceName::full).orElse(""))
        .setSubset(policy.subset().orElse(""))
        .setShare(policy.share().basisPoints())
        .build();
  }

  private static Hedge hedge(HedgePolicy policy) {
    Hedge.Builder hedge = Hedge.newBuilder().setMost(policy.most());
    switch (policy.when()) {
      case HedgePolicy.Slowness.After(Duration time) -> hedge.setAfterMillis(time.toMillis());
      case HedgePolicy.Slowness.Percentile(int percent) -> hedge.setPercentile(percent);
    }
    return hedge.build();
  }
}
