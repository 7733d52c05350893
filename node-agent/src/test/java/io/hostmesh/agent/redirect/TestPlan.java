package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** What the stories' first host captures. */
final class TestPlan {
  private TestPlan() {}

  static CapturePlan mesh() {
    return new CapturePlan(
        CaptureScope.MESH,
        List.of(AddressRange.parse("240.0.0.0/4"), AddressRange.parse("fd48:6f73:746d::/48")),
        Set.of(
            new InetSocketAddress(InetAddress.ofLiteral("10.77.0.2"), 9000),
            new InetSocketAddress(InetAddress.ofLiteral("fd77::2"), 9000)),
        new TreeSet<>(Set.of(8080)),
        4711,
        CapturePlan.DEFAULT_MARK,
        CapturePorts.DEFAULT,
        List.of(InetAddress.ofLiteral("10.77.0.2")),
        Exclusions.NONE,
        true,
        OptionalInt.empty());
  }

  /** The same, for an agent that calls applications from their callers' addresses. */
  static CapturePlan preserving() {
    return preserving(Exclusions.NONE, OptionalInt.of(CapturePlan.DEFAULT_SOURCE_MARK));
  }

  static CapturePlan preserving(Exclusions exclusions, OptionalInt sourceMark) {
    CapturePlan plan = mesh();
    return new CapturePlan(
        plan.scope(),
        plan.virtual(),
        plan.endpoints(),
        plan.servicePorts(),
        plan.agentUid(),
        plan.mark(),
        plan.ports(),
        List.of(),
        exclusions,
        true,
        sourceMark);
  }
}
