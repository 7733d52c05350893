package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.redirect.Capture;
import io.hostmesh.agent.redirect.CapturePlan;
import io.hostmesh.agent.redirect.CapturePorts;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What this host's kernel shall redirect, and whether it does; nothing where {@code
 * capture.enabled} says so. Safe for any thread.
 */
final class HostCapture implements AutoCloseable {
  private final AgentConfig config;
  private final int uid;
  private final CapturePorts ports;
  private final MeshSource mesh;
  private final LocalInstances instances;
  private final NameServers nameServers;
  private final BooleanSupplier listens;
  private final @Nullable CaptureKeeper keeper;

  /**
   * Begins to find out how the kernel can be spoken to, beside the caller.
   *
   * @return empty where {@code capture.enabled = false}; fails with a {@link UserError} where a
   *     capability, a tool or the kernel's part is missing
   */
  static Beside<Optional<Capture>> open(AgentConfig config, int uid) {
    return Beside.begin(
        "capture-open",
        () -> config.capture().enabled() ? Optional.of(capture(config, uid)) : Optional.empty());
  }

  private static Capture capture(AgentConfig config, int uid) {
    if (uid == 0) {
      throw new UserError(
          "capture: the agent runs as root, whose own traffic could not be told from that of other"
              + " programs; run it as a user of its own with CAP_NET_ADMIN, or set capture.enabled ="
              + " false");
    }
    return Capture.open(config.capture().backend(), CaptureByHand.folder(config.folders().run()));
  }

  /**
   * @param opened see {@link #open}
   * @param ports where it does
   * @param listens whether the agent takes calls: before, nothing is captured
   * @param changed called where {@link #problem} came or went
   */
  HostCapture(
      AgentConfig config,
      Optional<Capture> opened,
      int uid,
      CapturePorts ports,
      MeshSource mesh,
      LocalInstances instances,
      NameServers nameServers,
      BooleanSupplier listens,
      Runnable changed) {
    this.config = config;
    this.uid = uid;
    this.ports = ports;
    this.mesh = mesh;
    this.instances = instances;
    this.nameServers = nameServers;
    this.listens = listens;
    this.keeper =
        opened
            .map(
                capture ->
                    new CaptureKeeper(
                        capture, this::wanted, config.capture().confirmWithin(), changed))
            .orElse(null);
  }

  /** Nothing until the mesh is known: before, all that is captured would fail. */
  private Optional<CapturePlan> wanted() {
    if (!listens.getAsBoolean() || mesh.view().settings().isEmpty()) {
      return Optional.empty();
    }
    Set<InetSocketAddress> endpoints = new HashSet<>();
    for (DirectoryEntry entry : mesh.view().directory()) {
      endpoints.addAll(entry.addresses());
    }
    return Optional.of(
        config
            .capture()
            .plan(uid, ports, instances.definitions().ports(), endpoints, nameServers.ofHost()));
  }

  /** Begins to keep the kernel in step. */
  void start() {
    if (keeper != null) {
      keeper.start();
    }
  }

  /** Says that what is wanted may have changed. Returns at once. */
  void refresh() {
    if (keeper != null) {
      keeper.refresh();
    }
  }

  /** Why the kernel does not redirect what it shall; empty while it does. */
  Optional<String> problem() {
    return Optional.ofNullable(keeper).flatMap(CaptureKeeper::problem);
  }

  /** For operators. */
  JsonObject json() {
    if (keeper == null) {
      return new JsonObject().put("enabled", false);
    }
    JsonObject json =
        new JsonObject()
            .put("enabled", true)
            .put("backend", keeper.backend())
            .put("inForce", keeper.problem().isEmpty());
    keeper.problem().ifPresent(problem -> json.put("problem", problem));
    return json;
  }

  /** Takes everything out of the kernel. Blocking; after {@link #close}. */
  void remove() {
    if (keeper != null) {
      keeper.remove();
    }
  }

  /** Ends the keeping; the rules stay. */
  @Override
  public void close() {
    if (keeper != null) {
      keeper.close();
    }
  }
}
