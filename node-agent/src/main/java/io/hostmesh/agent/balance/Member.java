package io.hostmesh.agent.balance;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/** How an instance does, seen from this agent: one object for all event loops. Any thread. */
public final class Member {
  private final LongAdder underWay = new LongAdder();
  private final AtomicReference<Ejection> ejection = new AtomicReference<>(Ejection.NONE);

  public void began() {
    underWay.increment();
  }

  public void ended() {
    underWay.decrement();
  }

  /** Requests or connections under way. */
  public int load() {
    return underWay.intValue();
  }

  public void unreachable(long nowNanos) {
    ejection.updateAndGet(previous -> previous.failed(nowNanos));
  }

  public void reached() {
    if (ejection.get().failures() > 0) {
      ejection.set(Ejection.NONE);
    }
  }

  public boolean ejected(long nowNanos) {
    return ejection.get().holds(nowNanos);
  }
}
