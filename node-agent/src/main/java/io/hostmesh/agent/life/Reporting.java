package io.hostmesh.agent.life;

import io.hostmesh.agent.discovery.MeshDiscovery;
import io.hostmesh.runtime.systemd.Notify;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * Tells pilot how this agent is doing, every few seconds and soon after a change, and the service
 * manager when it is ready. Any thread.
 */
final class Reporting {
  private static final System.Logger LOG = System.getLogger(Reporting.class.getName());
  private static final long REPORT_MILLIS = 5_000;
  private static final long SOON_MILLIS = 200;
  private static final long LOOK_MILLIS = 20;

  /** A manager that waits for readiness is not kept waiting for a control plane. */
  private static final long PATIENCE_MILLIS = 15_000;

  private final Vertx vertx;
  private final AgentStatus status;
  private final MeshDiscovery discovery;
  private final Notify notify;
  private final AtomicBoolean queued = new AtomicBoolean();
  private final AtomicBoolean announced = new AtomicBoolean();

  Reporting(Vertx vertx, AgentStatus status, MeshDiscovery discovery, Notify notify) {
    this.vertx = vertx;
    this.status = status;
    this.discovery = discovery;
    this.notify = notify;
  }

  void start() {
    vertx.setPeriodic(REPORT_MILLIS, _ -> report());
    long look = vertx.setPeriodic(LOOK_MILLIS, this::announceReady);
    vertx.setTimer(
        PATIENCE_MILLIS,
        _ -> {
          if (!announced.get()) {
            vertx.cancelTimer(look);
            announceWaiting();
          }
        });
  }

  /** Something that others are told has changed. */
  void changed() {
    if (queued.compareAndSet(false, true)) {
      vertx.setTimer(
          SOON_MILLIS,
          _ -> {
            queued.set(false);
            report();
          });
    }
  }

  private void report() {
    discovery.report(status.report());
  }

  private void announceReady(long timer) {
    if (status.readiness().problems().isEmpty() && announced.compareAndSet(false, true)) {
      vertx.cancelTimer(timer);
      notify.status("ready");
      notify.ready();
      LOG.log(System.Logger.Level.INFO, "ready, generation " + status.generation());
      changed();
    }
  }

  private void announceWaiting() {
    Map<String, String> missing = status.readiness().problems();
    String what =
        missing.entrySet().stream()
            .map(part -> part.getKey() + ": " + part.getValue())
            .collect(Collectors.joining("; "));
    announced.set(true);
    notify.status("waiting for " + what);
    notify.ready();
    LOG.log(System.Logger.Level.WARNING, "not ready yet: " + what);
  }
}
