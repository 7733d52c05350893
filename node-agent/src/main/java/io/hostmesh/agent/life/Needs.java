package io.hostmesh.agent.life;

import io.hostmesh.agent.discovery.MeshDiscovery;
import io.hostmesh.agent.identity.LocalIdentities;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.runtime.metrics.Readiness;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What an agent needs before calls can rely on it. Any thread. */
record Needs(MeshDiscovery discovery, LocalIdentities identities, LocalInstances instances) {

  /**
   * @param listens whether the agent takes calls
   * @param capture why the kernel does not redirect what it shall
   */
  void require(Readiness readiness, BooleanSupplier listens, Supplier<Optional<String>> capture) {
    readiness.require(
        "listening",
        () ->
            listens.getAsBoolean()
                ? Optional.empty()
                : Optional.of("the agent is starting or ending"));
    readiness.require("configuration", this::configuration);
    readiness.require("certificates", this::certificates);
    readiness.require("registry", this::registry);
    readiness.require("capture", capture);
  }

  private Optional<String> configuration() {
    return discovery.view().settings().isPresent()
        ? Optional.empty()
        : Optional.of(
            "nothing from a pilot yet, and nothing on disk"
                + discovery.status().failure().map(why -> " (" + why + ")").orElse(""));
  }

  private Optional<String> certificates() {
    if (identities.node().svid().isEmpty()) {
      return Optional.of(identities.node().problem().orElse("this node has not joined yet"));
    }
    List<String> missing = identities.missing();
    return missing.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", missing));
  }

  /** A registry that is away matters only to a host that it has never listed. */
  private Optional<String> registry() {
    boolean callable = !instances.definitions().ports().isEmpty();
    List<String> troubles = instances.troubles();
    return callable && !troubles.isEmpty() && !instances.wasListed()
        ? Optional.of(String.join("; ", troubles))
        : Optional.empty();
  }
}
