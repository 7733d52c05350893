package io.hostmesh.agent.discovery;

import io.hostmesh.model.ServiceName;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Callers that wait for a service's resources, each no longer than a limit. On one context. */
final class Waiting {
  private final Vertx vertx;
  private final Duration limit;
  private final List<Caller> callers = new ArrayList<>();

  private record Caller(ServiceName service, Runnable arrived, long timer) {}

  Waiting(Vertx vertx, Duration limit) {
    this.vertx = vertx;
    this.limit = limit;
  }

  void add(ServiceName service, Runnable arrived) {
    long timer = vertx.setTimer(limit.toMillis(), id -> expire(id));
    callers.add(new Caller(service, arrived, timer));
  }

  private void expire(long timer) {
    List<Caller> late = callers.stream().filter(caller -> caller.timer() == timer).toList();
    callers.removeAll(late);
    late.forEach(caller -> caller.arrived().run());
  }

  /** Lets those go whose service is ready. */
  void wake(Predicate<ServiceName> ready) {
    List<Caller> done = callers.stream().filter(caller -> ready.test(caller.service())).toList();
    callers.removeAll(done);
    for (Caller caller : done) {
      vertx.cancelTimer(caller.timer());
      caller.arrived().run();
    }
  }
}
