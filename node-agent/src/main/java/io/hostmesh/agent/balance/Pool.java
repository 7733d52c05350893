package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances of a service, or of a subset of it, in their levels. Which of them are healthy is
 * looked at every few milliseconds, and at once where an ejected one is drawn: not for each
 * request. Any thread.
 */
final class Pool {
  private static final long FRESH_NANOS = 10_000_000;

  private final Plan plan;
  private final List<Level> levels;
  private volatile @Nullable State state;
  private volatile @Nullable Sessions sessions;

  /**
   * @param levels at least one, the best first
   */
  Pool(Plan plan, List<Level> levels) {
    this.plan = plan;
    this.levels = List.copyOf(levels);
  }

  /**
   * What is drawn from.
   *
   * @param sums the shares of the levels, summed up to each; the last is 1, or 0 where nothing is
   *     usable
   * @param careless whether ejected ones may be drawn
   * @param isEmpty whether nothing can be drawn
   */
  private record State(
      List<Usable> levels, List<Double> sums, boolean careless, long atNanos, boolean isEmpty) {
    State(List<Usable> levels, List<Double> sums, boolean careless, long atNanos) {
      this(levels, sums, careless, atNanos, levels.stream().allMatch(Usable::isEmpty));
    }

    /** Where levels were used up by tries, those before and behind take their shares. */
    Usable level(double at) {
      Usable nearest = null;
      for (int i = 0; i < sums.size(); i++) {
        if (!levels.get(i).isEmpty()) {
          if (at < sums.get(i)) {
            return levels.get(i);
          }
          nearest = nearest == null ? levels.get(i) : nearest;
        }
      }
      return nearest == null ? levels.getFirst() : nearest;
    }
  }

  /**
   * @param tried instances that this request has been at
   * @return null where none is left
   */
  @Nullable Candidate choose(
      Set<Endpoint> tried, RequestKeys keys, RandomGenerator random, long nowNanos) {
    State now = state(nowNanos);
    if (!tried.isEmpty()) {
      return another(now, tried, keys, random, nowNanos);
    }
    if (now.isEmpty()) {
      return null;
    }
    Candidate drawn = draw(now, keys, random, nowNanos);
    if (now.careless || !drawn.member().ejected(nowNanos)) {
      return drawn;
    }
    return draw(refresh(now, nowNanos), keys, random, nowNanos);
  }

  /** The instance of a session; null where it is gone, or not well. */
  @Nullable Candidate kept(String session, long nowNanos) {
    Sessions known = sessions;
    if (known == null) {
      known = new Sessions(levels);
      sessions = known;
    }
    return known.kept(session, nowNanos);
  }

  /** Whether any instance that was not tried passes its checks and is not ejected. */
  boolean hasWell(Set<Endpoint> tried, long nowNanos) {
    for (int i = 0; i < levels.size(); i++) {
      if (levels.get(i).hasWell(tried, nowNanos)) {
        return true;
      }
    }
    return false;
  }

  private State state(long nowNanos) {
    State now = state;
    return now == null || nowNanos - now.atNanos > FRESH_NANOS ? refresh(now, nowNanos) : now;
  }

  private Candidate draw(State from, RequestKeys keys, RandomGenerator random, long nowNanos) {
    String key = plan.policy().hashes() ? plan.key(keys) : null;
    Usable level = from.levels.getFirst();
    if (from.levels.size() > 1) {
      level =
          from.level(
              key == null
                  ? random.nextDouble()
                  : (Hashing.mix(Hashing.of(key)) >>> 11) * 0x1.0p-53);
    }
    return level.draw(key, random, nowNanos);
  }

  /** After a failure: one that was not tried, and rather an ejected one than none. */
  private @Nullable Candidate another(
      State now, Set<Endpoint> tried, RequestKeys keys, RandomGenerator random, long nowNanos) {
    List<Usable> left = new ArrayList<>();
    now.levels.forEach(level -> left.add(level.without(tried, nowNanos)));
    State rest = new State(left, now.sums, true, nowNanos);
    if (rest.isEmpty()) {
      left.clear();
      for (Level level : levels) {
        left.add(level.once(level.passing(), nowNanos).without(tried, nowNanos));
      }
      rest = new State(left, now.sums, true, nowNanos);
    }
    return rest.isEmpty() ? null : draw(rest, keys, random, nowNanos);
  }

  private State refresh(@Nullable State before, long nowNanos) {
    List<BitSet> healthy = levels.stream().map(level -> level.healthy(nowNanos)).toList();
    Health health = Health.of(levels, healthy);
    List<Usable> usable = new ArrayList<>(levels.size());
    boolean careless = false;
    for (int i = 0; i < levels.size(); i++) {
      Level level = levels.get(i);
      BitSet used =
          switch (health.use(i)) {
            case HEALTHY -> healthy.get(i);
            case PASSING -> level.passing();
            case ALL -> {
              BitSet all = new BitSet();
              all.set(0, level.listed().size());
              yield all;
            }
          };
      careless |= health.use(i) != Health.Use.HEALTHY;
      usable.add(level.usable(used, nowNanos, before == null ? null : before.levels.get(i)));
    }
    State made = new State(List.copyOf(usable), health.sums(), careless, nowNanos);
    state = made;
    return made;
  }
}
