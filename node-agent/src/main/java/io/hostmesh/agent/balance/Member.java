package io.hostmesh.agent.balance;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** How an instance does, seen from this agent: one object for all event loops. Any thread. */
public final class Member {
  private final LongAdder underWay = new LongAdder();
  private final AtomicReference<Standing> standing = new AtomicReference<>(Standing.GOOD);

  /** What it answered lately, for outlier detection. */
  final TrackRecord track = new TrackRecord();

  /** Null where no policy wants to know. */
  private volatile @Nullable PeakEwma latency;

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

  /** From now on it is to be known how long it takes to answer. */
  void measure() {
    if (latency == null) {
      latency = new PeakEwma();
    }
  }

  /** Whether {@link #answered} is wanted. */
  public boolean measured() {
    return latency != null;
  }

  /** An answer began. */
  public void answered(long latencyNanos, long nowNanos) {
    PeakEwma measured = latency;
    if (measured != null) {
      measured.answered(latencyNanos, nowNanos);
    }
  }

  /** What one more request would cost behind so many, see {@link PeakEwma#load}. */
  double cost(double queue, long nowNanos) {
    PeakEwma measured = latency;
    return measured == null ? queue : measured.load(queue, nowNanos);
  }

  public void unreachable(long nowNanos) {
    standing.updateAndGet(before -> before.with(before.unreachable().failed(nowNanos)));
  }

  public void reached() {
    if (standing.get().unreachable().failures() > 0) {
      standing.updateAndGet(before -> before.with(Ejection.NONE));
    }
  }

  /**
   * What an active check found out.
   *
   * @param failed why it is not well; empty where it is
   */
  public void checked(String failed) {
    if (!standing.get().failedCheck().equals(failed)) {
      standing.updateAndGet(before -> before.withCheck(failed));
    }
  }

  Expulsion expulsion() {
    return standing.get().outlier();
  }

  void expulsion(Expulsion next) {
    standing.updateAndGet(before -> before.with(next));
  }

  /** Whether it is to be left out while there are others: for whatever reason. */
  @SuppressWarnings("ReferenceEquality") // What is good is one object.
  public boolean ejected(long nowNanos) {
    Standing now = standing.get();
    return now != Standing.GOOD && now.out(nowNanos);
  }

  /** Why, as a sentence without its subject; empty where it is not ejected. */
  public String why(long nowNanos) {
    return standing.get().why(nowNanos);
  }
}
