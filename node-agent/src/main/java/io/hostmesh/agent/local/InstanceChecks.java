package io.hostmesh.agent.local;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The checks of one instance, each asked again and again until this is closed. On one context. */
final class InstanceChecks implements AutoCloseable {
  /** Asks once; fails with the reason. */
  @FunctionalInterface
  interface Probe {
    Future<Void> ask(CheckKind kind, InetSocketAddress application, Duration timeout);
  }

  /** Hears of each check's result that says something new. */
  @FunctionalInterface
  interface Changed {
    /**
     * @param check its place in the list of checks
     */
    void heard(int check, CheckHistory now);
  }

  private final Vertx vertx;
  private final Context context;
  private final ServiceDefinition.Listener instance;
  private final Probe probe;
  private final Changed changed;
  private final List<CheckHistory> histories = new ArrayList<>();
  private boolean closed;

  InstanceChecks(
      Vertx vertx,
      Context context,
      ServiceDefinition.Listener instance,
      Probe probe,
      Changed changed) {
    this.vertx = vertx;
    this.context = context;
    this.instance = instance;
    this.probe = probe;
    this.changed = changed;
    instance.checks().forEach(_ -> histories.add(CheckHistory.UNKNOWN));
  }

  void start() {
    for (int i = 0; i < histories.size(); i++) {
      ask(i);
    }
  }

  private void ask(int index) {
    if (closed) {
      return;
    }
    HealthCheck check = instance.checks().get(index);
    probe
        .ask(check.kind(), instance.application(), check.timeout())
        .onComplete(
            answer ->
                context.runOnContext(
                    _ ->
                        hear(
                            index,
                            answer.succeeded()
                                ? Optional.empty()
                                : Optional.of(String.valueOf(answer.cause().getMessage())))));
  }

  private void hear(int index, Optional<String> failure) {
    if (closed) {
      return;
    }
    HealthCheck check = instance.checks().get(index);
    CheckHistory before = histories.get(index);
    CheckHistory after = before.after(failure, check);
    histories.set(index, after);
    if (before.well() != after.well() || !before.output().equals(after.output())) {
      changed.heard(index, after);
    }
    boolean calm = after.well() && after.contrary() == 0;
    vertx.setTimer(check.pause(calm).toMillis(), _ -> context.runOnContext(_ -> ask(index)));
  }

  /** What all checks together say. */
  Health health() {
    for (int i = 0; i < histories.size(); i++) {
      CheckHistory history = histories.get(i);
      if (!history.well()) {
        return new Health(false, instance.checks().get(i).kind() + ": " + history.output());
      }
    }
    return new Health(true, "passing");
  }

  @Override
  public void close() {
    closed = true;
  }
}
