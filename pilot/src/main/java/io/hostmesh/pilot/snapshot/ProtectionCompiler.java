package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.rules.ActiveCheck;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.hostmesh.model.rules.ActiveCheck.StatusRange;
import io.hostmesh.model.rules.OutlierDetection;
import io.hostmesh.model.rules.Protection;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.UpstreamLimits;

/** Limits, outlier detection and health checks as agents read them. */
final class ProtectionCompiler {
  private ProtectionCompiler() {}

  static void add(Protection protection, UpstreamPolicy.Builder policy) {
    protection.limits().map(ProtectionCompiler::limits).ifPresent(policy::setLimits);
    protection.retryBudget().map(ProtectionCompiler::budget).ifPresent(policy::setRetryBudget);
    protection.outliers().map(ProtectionCompiler::outliers).ifPresent(policy::setOutliers);
    protection.checks().stream().map(ProtectionCompiler::check).forEach(policy::addHealthChecks);
  }

  private static io.hostmesh.api.v1.UpstreamLimits limits(UpstreamLimits limits) {
    return io.hostmesh.api.v1.UpstreamLimits.newBuilder()
        .setConnections(limit(limits.connections()))
        .setPending(limit(limits.pending()))
        .setRequests(limit(limits.requests()))
        .setRetries(limit(limits.retries()))
        .build();
  }

  private static int limit(int limit) {
    return limit == UpstreamLimits.UNLIMITED ? 0 : limit;
  }

  private static io.hostmesh.api.v1.RetryBudget budget(RetryBudget budget) {
    return io.hostmesh.api.v1.RetryBudget.newBuilder()
        .setShare(budget.share().basisPoints())
        .setMin(budget.min())
        .build();
  }

  private static io.hostmesh.api.v1.OutlierDetection outliers(OutlierDetection outliers) {
    io.hostmesh.api.v1.OutlierDetection.Builder compiled =
        io.hostmesh.api.v1.OutlierDetection.newBuilder()
            .setConsecutive5Xx(outliers.consecutive5xx())
            .setConsecutiveGateway(outliers.consecutiveGateway())
            .setConsecutiveLocalOrigin(outliers.consecutiveLocalOrigin())
            .setIntervalMillis(outliers.interval().toMillis())
            .setEjectionMillis(outliers.ejection().toMillis())
            .setMaxEjectionMillis(outliers.maxEjection().toMillis())
            .setMaxEjected(outliers.maxEjected().basisPoints());
    outliers
        .successRate()
        .ifPresent(
            rate ->
                compiled
                    .getSuccessRateBuilder()
                    .setThousandths(rate.thousandths())
                    .setMinHosts(rate.minHosts())
                    .setMinRequests(rate.minRequests()));
    outliers
        .failurePercentage()
        .ifPresent(
            failures ->
                compiled
                    .getFailurePercentageBuilder()
                    .setThreshold(failures.threshold().basisPoints())
                    .setMinHosts(failures.minHosts())
                    .setMinRequests(failures.minRequests()));
    return compiled.build();
  }

  private static io.hostmesh.api.v1.ActiveCheck check(ActiveCheck check) {
    io.hostmesh.api.v1.ActiveCheck.Builder compiled =
        io.hostmesh.api.v1.ActiveCheck.newBuilder()
            .setIntervalMillis((int) check.interval().toMillis())
            .setTimeoutMillis((int) check.timeout().toMillis())
            .setHealthy(check.healthy())
            .setUnhealthy(check.unhealthy());
    switch (check.question()) {
      case Question.Http(String path, var expect) -> {
        compiled.setHttp(path);
        expect.stream().map(StatusRange::toString).forEach(compiled::addExpect);
      }
      case Question.Grpc(String service) -> compiled.setGrpc(true).setGrpcService(service);
      case Question.Tcp() -> compiled.setTcp(true);
    }
    return compiled.build();
  }
}
