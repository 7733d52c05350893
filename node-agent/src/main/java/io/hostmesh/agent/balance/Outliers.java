package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.model.rules.OutlierDetection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Leaves instances of one service out that answer worse than they should, by Envoy's outlier
 * detection. What a try came to is counted without a lock; only an ejection and the look at each
 * interval take one. The clock is the caller's. Any thread.
 */
public final class Outliers {
  private static final int UNAVAILABLE = 503;
  private static final int TIMED_OUT = 504;

  /** Gets what changed, once each. */
  public interface Listener {
    void ejected(Candidate who, long nanos, String why);

    void returned(Candidate who);
  }

  private final Supplier<Optional<OutlierDetection>> rule;
  private final Supplier<? extends Collection<Candidate>> instances;
  private final Listener listener;
  private long lookedNanos;
  private boolean looked;

  /**
   * @param rule asked at each try, since rules change
   * @param instances those that the catalog calls healthy now
   */
  public Outliers(
      Supplier<Optional<OutlierDetection>> rule,
      Supplier<? extends Collection<Candidate>> instances,
      Listener listener) {
    this.rule = rule;
    this.instances = instances;
    this.listener = listener;
  }

  /**
   * An instance answered.
   *
   * @param status of HTTP; that of gRPC by {@link GrpcStatus#http}
   */
  public void answered(Candidate who, int status, long nowNanos) {
    OutlierDetection detection = rule.get().orElse(null);
    if (detection != null && !who.member().expulsion().holds(nowNanos)) {
      TrackRecord.end(who.member().track.localFailures);
      counted(who, status, detection, nowNanos);
    }
  }

  /**
   * An instance did not answer: it was not reached, or the connection or stream ended before.
   *
   * @param tooLate whether it was not waited for any longer
   */
  public void failed(Candidate who, boolean tooLate, long nowNanos) {
    OutlierDetection detection = rule.get().orElse(null);
    if (detection == null || who.member().expulsion().holds(nowNanos)) {
      return;
    }
    if (detection.consecutiveLocalOrigin() == 0) {
      counted(who, tooLate ? TIMED_OUT : UNAVAILABLE, detection, nowNanos);
      return;
    }
    TrackRecord track = who.member().track;
    track.count(false);
    if (TrackRecord.more(track.localFailures) >= detection.consecutiveLocalOrigin()) {
      eject(
          who,
          detection.consecutiveLocalOrigin() + " failures without an answer in a row",
          detection,
          nowNanos);
    }
  }

  private void counted(Candidate who, int status, OutlierDetection detection, long nowNanos) {
    TrackRecord track = who.member().track;
    boolean serverError = status >= 500 && status <= 599;
    track.count(!serverError);
    if (!serverError) {
      TrackRecord.end(track.serverErrors);
      TrackRecord.end(track.gatewayErrors);
      return;
    }
    int gateway = 0;
    if (status >= 502 && status <= TIMED_OUT) {
      gateway = TrackRecord.more(track.gatewayErrors);
    } else {
      TrackRecord.end(track.gatewayErrors);
    }
    int errors = TrackRecord.more(track.serverErrors);
    if (reaches(gateway, detection.consecutiveGateway())) {
      eject(
          who,
          detection.consecutiveGateway() + " answers of 502, 503 or 504 in a row",
          detection,
          nowNanos);
    } else if (reaches(errors, detection.consecutive5xx())) {
      eject(who, detection.consecutive5xx() + " answers of 5xx in a row", detection, nowNanos);
    }
  }

  private static boolean reaches(int count, int threshold) {
    return threshold > 0 && count >= threshold;
  }

  private synchronized void eject(
      Candidate who, String why, OutlierDetection detection, long nowNanos) {
    who.member().track.forget();
    Expulsion before = who.member().expulsion();
    if (before.holds(nowNanos)) {
      return;
    }
    Collection<Candidate> all = instances.get();
    long out = all.stream().filter(each -> each.member().expulsion().holds(nowNanos)).count();
    if (out >= detection.mayEject(all.size())) {
      return;
    }
    long nanos = detection.ejection(before.times() + 1).toNanos();
    who.member().expulsion(before.again(nowNanos + nanos, why));
    listener.ejected(who, nanos, why);
  }

  /** To be called every second or so: looks at the rates where an interval is over. */
  public synchronized void tick(long nowNanos) {
    OutlierDetection detection = rule.get().orElse(null);
    Collection<Candidate> all = instances.get();
    for (Candidate each : all) {
      Expulsion expulsion = each.member().expulsion();
      if (expulsion.open() && (detection == null || !expulsion.holds(nowNanos))) {
        each.member().track.forget();
        each.member().expulsion(expulsion.returned());
        listener.returned(each);
      }
    }
    if (detection == null) {
      looked = false;
      all.stream().map(Candidate::member).forEach(Outliers::acquit);
    } else if (!looked) {
      looked = true;
      lookedNanos = nowNanos;
    } else if (nowNanos - lookedNanos >= detection.interval().toNanos()) {
      lookedNanos = nowNanos;
      look(all, detection, nowNanos);
    }
  }

  private static void acquit(Member member) {
    if (member.expulsion().times() > 0) {
      member.expulsion(Expulsion.NONE);
    }
  }

  private record Looked(Candidate who, TrackRecord.Counts counts) {}

  private void look(Collection<Candidate> all, OutlierDetection detection, long nowNanos) {
    List<Looked> here = new ArrayList<>();
    for (Candidate each : all) {
      TrackRecord.Counts counts = each.member().track.look();
      Expulsion expulsion = each.member().expulsion();
      if (!expulsion.open()) {
        if (expulsion.times() > 0
            && nowNanos - expulsion.untilNanos() >= detection.interval().toNanos()) {
          each.member().expulsion(expulsion.forgiven());
        }
        here.add(new Looked(each, counts));
      }
    }
    detection.successRate().ifPresent(how -> compare(here, how, detection, nowNanos));
    detection.failurePercentage().ifPresent(how -> judge(here, how, detection, nowNanos));
  }

  private void compare(
      List<Looked> here,
      OutlierDetection.SuccessRate how,
      OutlierDetection detection,
      long nowNanos) {
    List<Looked> enough = withRequests(here, how.minRequests());
    if (enough.size() < how.minHosts()) {
      return;
    }
    double[] rates = enough.stream().mapToDouble(each -> each.counts().successRate()).toArray();
    double threshold = threshold(rates, how.thousandths() / 1000.0);
    for (int i = 0; i < rates.length; i++) {
      if (rates[i] < threshold) {
        eject(
            enough.get(i).who(),
            "%.1f%% of its answers were good, where all have more than %.1f%%"
                .formatted(rates[i], threshold),
            detection,
            nowNanos);
      }
    }
  }

  /** Below which a rate is an outlier: the mean less so many standard deviations. */
  static double threshold(double[] rates, double factor) {
    double mean = 0;
    for (double rate : rates) {
      mean += rate / rates.length;
    }
    double variance = 0;
    for (double rate : rates) {
      variance += (rate - mean) * (rate - mean) / rates.length;
    }
    return mean - factor * Math.sqrt(variance);
  }

  private void judge(
      List<Looked> here,
      OutlierDetection.FailurePercentage how,
      OutlierDetection detection,
      long nowNanos) {
    List<Looked> enough = withRequests(here, how.minRequests());
    if (enough.size() < how.minHosts()) {
      return;
    }
    for (Looked each : enough) {
      double failed = 100 - each.counts().successRate();
      if (failed >= how.threshold().fraction() * 100) {
        eject(each.who(), "%.1f%% of its answers failed".formatted(failed), detection, nowNanos);
      }
    }
  }

  private static List<Looked> withRequests(List<Looked> here, int min) {
    return here.stream().filter(each -> each.counts().all() >= Math.max(1, min)).toList();
  }
}
