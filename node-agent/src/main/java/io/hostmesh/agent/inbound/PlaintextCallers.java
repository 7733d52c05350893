package io.hostmesh.agent.inbound;

import io.hostmesh.model.ServiceName;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Who still calls services of this host without an identity, since this agent started, so that one
 * knows when to close. Any thread.
 */
public final class PlaintextCallers {
  /** Beyond so many, new ones are not listed; whoever is listed tells enough. */
  static final int MOST = 1_000;

  private record Key(ServiceName service, String caller) {}

  private static final class Count {
    private final LongAdder calls = new LongAdder();
    private volatile Instant last = Instant.EPOCH;
  }

  /**
   * One caller of one service.
   *
   * @param caller its address
   * @param calls requests and bare connections that were let in
   */
  public record Seen(ServiceName service, String caller, long calls, Instant last) {}

  private final ConcurrentHashMap<Key, Count> counts = new ConcurrentHashMap<>();
  private final Clock clock;

  PlaintextCallers(Clock clock) {
    this.clock = clock;
  }

  void letIn(ServiceName service, String caller) {
    Key key = new Key(service, caller);
    Count count = counts.get(key);
    if (count == null) {
      if (counts.size() >= MOST) {
        return;
      }
      count = counts.computeIfAbsent(key, _ -> new Count());
    }
    count.calls.increment();
    count.last = clock.instant();
  }

  /** All of them, by service and caller. */
  public List<Seen> seen() {
    return counts.entrySet().stream()
        .map(
            each ->
                new Seen(
                    each.getKey().service(),
                    each.getKey().caller(),
                    each.getValue().calls.sum(),
                    each.getValue().last))
        .sorted(Comparator.comparing(Seen::service).thenComparing(Seen::caller))
        .toList();
  }
}
