package io.hostmesh.agent.limit;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * All limits of one service, and their tokens. Any thread. What changes rules makes another table,
 * which takes over the tokens of every limit that counts what it counted before.
 */
public final class LimitTable {
  private final ServiceName service;
  private final List<LimitRule> rules;
  private final Limiter[] limiters;
  private final boolean readsPaths;

  private LimitTable(ServiceName service, List<LimitRule> rules, List<Limiter> limiters) {
    this.service = service;
    this.rules = List.copyOf(rules);
    this.limiters = limiters.toArray(Limiter[]::new);
    this.readsPaths = limiters.stream().anyMatch(Limiter::readsPath);
  }

  /**
   * @param rules whose scopes hold the service, the narrowest first; not empty
   * @param before what held until now; null where there were no limits
   */
  public static LimitTable compile(
      ServiceName service, List<LimitRule> rules, @Nullable LimitTable before) {
    List<Limiter> limiters = new ArrayList<>();
    for (LimitRule rule : rules) {
      for (Limit limit : rule.limits()) {
        Limiter known = before == null ? null : before.find(rule.scope(), limit);
        limiters.add(known == null ? new Limiter(service, rule.scope(), limit) : known.as(limit));
      }
    }
    return new LimitTable(service, rules, limiters);
  }

  private @Nullable Limiter find(Scope scope, Limit limit) {
    for (Limiter limiter : limiters) {
      if (limiter.counts(scope, limit)) {
        return limiter;
      }
    }
    return null;
  }

  /** What it was made of, the narrowest first. */
  public List<LimitRule> rules() {
    return rules;
  }

  /** Whether a limit asks for the path, which must have one meaning then. */
  public boolean readsPaths() {
    return readsPaths;
  }

  /** This host's shares of those limits that are for the whole mesh. */
  public List<LeasedBucket> leased() {
    return Arrays.stream(limiters).flatMap(limiter -> limiter.leased().stream()).toList();
  }

  /**
   * Judges a request, which takes a token of each limit, or none where one refuses it.
   *
   * @param now of a clock that only goes forward, in nanoseconds
   */
  public Judgement request(Asked asked, long now) {
    return judge(asked, true, now);
  }

  /** Judges a bare connection, by the limits that do not ask for what only requests have. */
  public Judgement connection(Asked asked, long now) {
    return judge(asked, false, now);
  }

  private Judgement judge(Asked asked, boolean request, long now) {
    Bucket[] taken = new Bucket[limiters.length];
    List<Mark> notes = List.of();
    Limiter tightest = null;
    long fewest = Long.MAX_VALUE;
    long full = 0;
    for (int i = 0; i < limiters.length; i++) {
      Limiter limiter = limiters[i];
      if ((!request && limiter.limit().needsRequests()) || !limiter.holds(asked)) {
        continue;
      }
      Bucket bucket = limiter.bucket(asked, now);
      long answer = bucket.take(now);
      while (answer == Bucket.RETIRED) {
        bucket = limiter.bucket(asked, now);
        answer = bucket.take(now);
      }
      if (answer >= 0) {
        taken[i] = bucket;
        long remaining = bucket.remaining(answer);
        if (!limiter.limit().dryRun() && remaining < fewest) {
          tightest = limiter;
          fewest = remaining;
          full = answer;
        }
      } else if (limiter.limit().dryRun()) {
        notes = notes.isEmpty() ? new ArrayList<>() : notes;
        notes.add(limiter.mark());
      } else {
        giveBack(taken);
        return refusal(limiter, -answer, notes);
      }
    }
    return new Judgement(
        null,
        tightest == null ? null : new Standing(tightest.limit(), fewest, seconds(full)),
        notes);
  }

  private static void giveBack(@Nullable Bucket[] taken) {
    for (Bucket bucket : taken) {
      if (bucket != null) {
        bucket.giveBack();
      }
    }
  }

  private Judgement refusal(Limiter by, long wait, List<Mark> notes) {
    long seconds = seconds(wait);
    return new Judgement(
        new Verdict.Denied(
            Verdict.Why.LIMITED,
            "over "
                + by.mark().rule()
                + ", the limit of "
                + service
                + " ("
                + by.limit().shown()
                + "); try again in "
                + seconds
                + " s",
            by.mark(),
            notes),
        new Standing(by.limit(), 0, seconds),
        notes);
  }

  private static long seconds(long nanos) {
    return Math.max(1, Math.ceilDiv(nanos, TimeUnit.SECONDS.toNanos(1)));
  }
}
