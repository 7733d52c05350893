package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.UpstreamPolicy;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.ActiveCheck;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.hostmesh.model.rules.ActiveCheck.StatusRange;
import io.hostmesh.model.rules.OutlierDetection;
import io.hostmesh.model.rules.Protection;
import io.hostmesh.model.rules.RetryBudget;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.UpstreamLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits, outlier detection and health checks of upstream policies, read back. */
final class ProtectionResources {
  private ProtectionResources() {}

  static Protection protection(UpstreamPolicy message) {
    return new Protection(
        message.hasLimits() ? Optional.of(limits(message)) : Optional.empty(),
        message.hasRetryBudget()
            ? Optional.of(
                new RetryBudget(
                    new Share(message.getRetryBudget().getShare()),
                    message.getRetryBudget().getMin()))
            : Optional.empty(),
        message.hasOutliers() ? Optional.of(outliers(message.getOutliers())) : Optional.empty(),
        message.getHealthChecksList().stream().flatMap(ProtectionResources::check).toList());
  }

  private static UpstreamLimits limits(UpstreamPolicy message) {
    io.hostmesh.api.v1.UpstreamLimits limits = message.getLimits();
    return new UpstreamLimits(
        limit(limits.getConnections()),
        limit(limits.getPending()),
        limit(limits.getRequests()),
        limit(limits.getRetries()),
        new Origin(
            "the rule upstream " + message.getNamespace() + "/" + message.getService(),
            0,
            "limits"));
  }

  private static int limit(int limit) {
    return limit == 0 ? UpstreamLimits.UNLIMITED : limit;
  }

  private static OutlierDetection outliers(io.hostmesh.api.v1.OutlierDetection message) {
    return new OutlierDetection(
        message.getConsecutive5Xx(),
        message.getConsecutiveGateway(),
        message.getConsecutiveLocalOrigin(),
        message.hasSuccessRate()
            ? Optional.of(
                new OutlierDetection.SuccessRate(
                    message.getSuccessRate().getThousandths(),
                    message.getSuccessRate().getMinHosts(),
                    message.getSuccessRate().getMinRequests()))
            : Optional.empty(),
        message.hasFailurePercentage()
            ? Optional.of(
                new OutlierDetection.FailurePercentage(
                    new Share(message.getFailurePercentage().getThreshold()),
                    message.getFailurePercentage().getMinHosts(),
                    message.getFailurePercentage().getMinRequests()))
            : Optional.empty(),
        Duration.ofMillis(message.getIntervalMillis()),
        Duration.ofMillis(message.getEjectionMillis()),
        Duration.ofMillis(message.getMaxEjectionMillis()),
        new Share(message.getMaxEjected()));
  }

  /** A check of a kind that this agent does not know is none. */
  private static Stream<ActiveCheck> check(io.hostmesh.api.v1.ActiveCheck message) {
    return question(message)
        .map(
            question ->
                new ActiveCheck(
                    question,
                    Duration.ofMillis(message.getIntervalMillis()),
                    Duration.ofMillis(message.getTimeoutMillis()),
                    message.getHealthy(),
                    message.getUnhealthy()))
        .stream();
  }

  private static Optional<Question> question(io.hostmesh.api.v1.ActiveCheck message) {
    if (!message.getHttp().isEmpty()) {
      return Optional.of(
          new Question.Http(
              message.getHttp(),
              message.getExpectList().stream().map(StatusRange::parse).toList()));
    }
    if (message.getGrpc()) {
      return Optional.of(new Question.Grpc(message.getGrpcService()));
    }
    return message.getTcp() ? Optional.of(new Question.Tcp()) : Optional.empty();
  }
}
