package io.hostmesh.runtime.identity;

import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The past of one identity's renewals, and so when the next attempt is due. Immutable.
 *
 * @param current what there is
 * @param schedule when {@code current} is to be renewed
 * @param failures how many attempts have failed in a row
 * @param notBefore no attempt before this
 * @param problem what the last failed attempt said
 * @param failedAt when that was
 */
record Attempts(
    @Nullable Svid current,
    @Nullable RenewalSchedule schedule,
    int failures,
    Instant notBefore,
    Optional<String> problem,
    Instant failedAt) {

  static Attempts none() {
    return new Attempts(null, null, 0, Instant.MIN, Optional.empty(), Instant.MIN);
  }

  static Attempts with(Svid svid, RandomGenerator random) {
    return new Attempts(
        svid,
        RenewalSchedule.of(svid.notBefore(), svid.notAfter(), random),
        0,
        Instant.MIN,
        Optional.empty(),
        Instant.MIN);
  }

  /**
   * The same, due earlier where the certificate is denied or its authority is on its way out.
   *
   * @return this where nothing hurries
   */
  Attempts hastened(TrustRoots roots, Instant now, RandomGenerator random) {
    Svid svid = current;
    RenewalSchedule before = schedule;
    if (svid == null || before == null) {
      return this;
    }
    RenewalSchedule after =
        roots.denied().denies(svid.id(), svid.leaf()).isPresent()
            ? before.atOnce(now)
            : roots.isRetiring(svid.chain()) ? before.early(svid.notBefore(), now, random) : before;
    return after.equals(before)
        ? this
        : new Attempts(svid, after, failures, notBefore, problem, failedAt);
  }

  /** Of what is left of a certificate's life, a wait takes this part at most. */
  private static final int PATIENCE_PART = 10;

  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

  /**
   * After citadel gave no answer, or could not do it: whoever has a certificate that holds for long
   * waits longer, since all who fail now come back at once when citadel does.
   */
  Attempts unanswered(String why, Instant now, Backoff backoff, RandomGenerator random) {
    RenewalSchedule before = schedule;
    Duration rest = before == null ? Duration.ZERO : Duration.between(now, before.notAfter());
    Duration patience = rest.dividedBy(PATIENCE_PART);
    Duration longest = patience.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : patience;
    return failed(
        why, now, longest.compareTo(backoff.limit()) > 0 ? backoff.upTo(longest) : backoff, random);
  }

  Attempts failed(String why, Instant now, Backoff backoff, RandomGenerator random) {
    return new Attempts(
        current,
        schedule,
        failures + 1,
        now.plus(backoff.delay(failures + 1, random)),
        Optional.of(why),
        now);
  }

  /** Whether a failure is worth a line in the log: it is another one, or it got serious. */
  boolean isNews(String why, Instant now) {
    return !problem.equals(Optional.of(why)) || (isLate(now) && !isLate(failedAt));
  }

  boolean isLate(Instant now) {
    return schedule != null && schedule.isLate(now);
  }

  /**
   * Due: there is none or it is time to renew, and the last failure is long enough ago, or of a
   * time that has not come yet, by a clock that was wrong.
   */
  boolean isDue(Instant now) {
    return (!now.isBefore(notBefore) || now.isBefore(failedAt))
        && (schedule == null || schedule.isDue(now));
  }

  boolean isExpired(Instant now) {
    return schedule != null && schedule.isExpired(now);
  }

  IdentityStatus status(Instant now) {
    return new IdentityStatus(
        Optional.ofNullable(current).map(svid -> svid.id().uri()),
        Optional.ofNullable(current).map(svid -> svid.leaf().getSerialNumber().toString(16)),
        Optional.ofNullable(current).map(Svid::notAfter),
        Optional.ofNullable(schedule).map(RenewalSchedule::renewAt),
        problem,
        isLate(now));
  }
}
