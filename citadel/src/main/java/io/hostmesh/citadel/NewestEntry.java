package io.hostmesh.citadel;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/**
 * What the ledger says of the past when citadel starts: a folder that was put back from an old
 * backup in part, and a clock that was wrong then or is wrong now, show by it. One thread.
 */
final class NewestEntry {
  private static final System.Logger LOG = System.getLogger(NewestEntry.class.getName());
  private static final Duration TOLERATED = Duration.ofMinutes(10);

  private long sequence;
  private Instant time = Instant.MIN;

  void read(JsonObject entry) {
    if (entry.getValue(CaAdmin.SEQUENCE) instanceof Number number) {
      sequence = Math.max(sequence, number.longValue());
    }
    try {
      Instant written = Instant.parse(entry.getString("time", ""));
      time = written.isAfter(time) ? written : time;
    } catch (DateTimeParseException e) {
      LOG.log(System.Logger.Level.DEBUG, "an entry without a time", e);
    }
  }

  /**
   * @param held the number of the roots that the authority's files have
   * @throws UserError where the ledger knows of later ones: what would be signed leads to roots
   *     that nobody trusts any more, and the newer statement in the registry would be taken for
   *     forged
   */
  void check(long held, Instant now, Path folder) {
    if (sequence > held) {
      throw new UserError(
          folder
              + ": the authority's files have the roots number "
              + held
              + ", and the ledger tells of number "
              + sequence
              + ": an older state was put back; restore all files of this folder from the newest"
              + " backup");
    }
    if (time.isAfter(now.plus(TOLERATED))) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the clock here says "
              + now
              + ", and the newest entry of the ledger is of "
              + time
              + ": the clock was wrong then or is wrong now; what is signed with a wrong one is"
              + " refused by all others");
    }
  }
}
