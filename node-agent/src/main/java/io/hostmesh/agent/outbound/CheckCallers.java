package io.hostmesh.agent.outbound;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The local services that call one service, in whose names its instances are asked whether they are
 * well. Any thread.
 */
final class CheckCallers {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final ConcurrentHashMap<ServicePair, Long> calledNanos = new ConcurrentHashMap<>();
  private volatile @Nullable ServicePair current;

  /** One of them calls. */
  void called(ServicePair caller, long nowNanos) {
    Long before = calledNanos.get(caller);
    if (before == null || nowNanos - before > SECOND) { // Not a write to shared memory each time.
      calledNanos.put(caller, nowNanos);
    }
  }

  /**
   * Forgets those who have not called for so long.
   *
   * @return whether there are others
   */
  boolean keep(long longestNanos, long nowNanos) {
    calledNanos.values().removeIf(called -> nowNanos - called > longestNanos);
    return !calledNanos.isEmpty();
  }

  /**
   * Who asks now: the same one for as long as it calls, and can.
   *
   * @param can whether one can ask at all; where none can, any is returned
   * @return null where nobody calls any more
   */
  @Nullable ServicePair current(Predicate<ServicePair> can) {
    ServicePair known = current;
    if (known != null && calledNanos.containsKey(known) && can.test(known)) {
      return known;
    }
    List<ServicePair> all = all();
    ServicePair next =
        all.stream().filter(can).findFirst().orElse(all.isEmpty() ? null : all.getFirst());
    current = next;
    return next;
  }

  /** One may not ask: the next one shall, where there is one. */
  void refused(ServicePair caller) {
    List<ServicePair> all = all();
    int at = all.indexOf(caller);
    if (at >= 0 && caller.equals(current)) {
      current = all.get((at + 1) % all.size());
    }
  }

  private List<ServicePair> all() {
    return calledNanos.keySet().stream()
        .sorted(Comparator.comparing((ServicePair each) -> each.caller().full()))
        .toList();
  }
}
