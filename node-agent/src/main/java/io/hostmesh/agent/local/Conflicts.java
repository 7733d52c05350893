package io.hostmesh.agent.local;

import io.hostmesh.model.hocon.Origin;
import java.util.Map;
import java.util.Optional;

/** What two services of one host must not have in common. Pure. */
final class Conflicts {
  private Conflicts() {}

  /** The first thing that is wrong with the newcomer, as a sentence with both places. */
  static Optional<String> between(ServiceDefinition newcomer, ServiceDefinition other) {
    return listeners(newcomer, other).or(() -> workloads(newcomer, other));
  }

  private static Optional<String> listeners(ServiceDefinition newcomer, ServiceDefinition other) {
    if (newcomer.listener().isEmpty() || other.listener().isEmpty()) {
      return newcomer.name().equals(other.name())
              && newcomer.listener().isEmpty()
              && other.listener().isEmpty()
          ? refused(newcomer, "name", "service " + other.name() + " is already declared", other)
          : Optional.empty();
    }
    ServiceDefinition.Listener ours = newcomer.listener().get();
    ServiceDefinition.Listener theirs = other.listener().get();
    if (ours.port() == theirs.port()) {
      return refused(
          newcomer,
          "port",
          newcomer.name().equals(other.name())
              ? "service " + other.name() + " with port " + theirs.port() + " is already declared"
              : "port " + theirs.port() + " is already that of service " + other.name(),
          other);
    }
    if (ours.instance().equals(theirs.instance())) {
      return refused(
          newcomer,
          "id",
          "the instance id " + theirs.instance() + " is already that of service " + other.name(),
          other);
    }
    return Optional.empty();
  }

  /** Copies of one service may share a workload; two services may not. */
  private static Optional<String> workloads(ServiceDefinition newcomer, ServiceDefinition other) {
    return !newcomer.name().equals(other.name()) && newcomer.workload().overlaps(other.workload())
        ? refused(
            newcomer,
            "workload",
            newcomer.workload()
                + " can be a process of service "
                + other.name()
                + " ("
                + other.workload()
                + ") as well; give each a workload of its own",
            other)
        : Optional.empty();
  }

  private static Optional<String> refused(
      ServiceDefinition newcomer, String key, String what, ServiceDefinition other) {
    Origin place = new Origin(newcomer.origin().file(), newcomer.origin().line(), "service." + key);
    Origin declared = other.origin();
    return Optional.of(
        place + ": " + what + "; see " + new Origin(declared.file(), declared.line(), ""));
  }

  static Optional<String> withAgent(ServiceDefinition definition, Map<Integer, String> reserved) {
    return definition
        .listener()
        .map(ServiceDefinition.Listener::port)
        .filter(reserved::containsKey)
        .map(
            port ->
                new Origin(definition.origin().file(), definition.origin().line(), "service.port")
                    + ": port "
                    + port
                    + " is the agent's own ("
                    + reserved.get(port)
                    + "); choose another one");
  }
}
