package io.hostmesh.citadel.attest;

import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.runtime.UserError;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What looks like someone who wants to become a node and may not: shown to operators for a week,
 * counted, and written to the ledger, from which it is read again after a restart. What repeats is
 * one alarm that counts, and one line of the ledger an hour, so that nobody fills the disk with it.
 * Safe for any thread; {@link #raise} blocks for the disk.
 */
public final class Alarms {
  private static final System.Logger LOG = System.getLogger(Alarms.class.getName());
  private static final String EVENT = "alarm";
  private static final String METER = "hostmesh_citadel_alarms";
  private static final Duration SHOWN = Duration.ofDays(7);
  private static final Duration PAUSE = Duration.ofHours(1);
  private static final int MOST = 200;

  /** What happened. */
  public enum Kind {
    /** A token that one machine has used was shown by another one. */
    TOKEN_REPLAYED,
    /** So many wrong tokens or proofs from one address that it has to wait. */
    GUESSING,
    /** A machine wants a name that belongs to another one. */
    NAME_TAKEN,
    /** The answer to a challenge was shown again. */
    PROOF_REPLAYED;

    /** As operators and meters see it. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * An alarm, however often it was raised.
   *
   * @param about a token's id or a node's name
   * @param from the address that asked
   * @param text what happened, a sentence with both machines' addresses where there are two
   */
  public record Alarm(
      Kind kind, String about, String from, String text, Instant first, Instant last, long count) {
    private Alarm again(String sentence, Instant now) {
      return new Alarm(kind, about, from, sentence, first, now, count + 1);
    }
  }

  private record Key(Kind kind, String about, String from) {}

  private final InstantSource clock;
  private final Map<Key, Alarm> alarms = new LinkedHashMap<>();
  private final Map<Key, Instant> written = new LinkedHashMap<>();

  public Alarms(InstantSource clock) {
    this.clock = clock;
  }

  /** Takes an entry of the ledger as it is read at the start. */
  public synchronized void read(JsonObject entry) {
    if (!entry.getString("event", "").equals(EVENT)) {
      return;
    }
    try {
      Kind kind = Kind.valueOf(entry.getString("alarm").toUpperCase(Locale.ROOT).replace('-', '_'));
      Instant time = Instant.parse(entry.getString("time"));
      Key key = new Key(kind, entry.getString("about"), entry.getString("from"));
      keep(key, entry.getString("text"), time);
      written.put(key, time);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "an alarm in the ledger cannot be read", e);
    }
  }

  /** Raises an alarm. */
  public void raise(
      Kind kind, String about, String from, String text, Ledger ledger, MeterRegistry meters) {
    meters.counter(METER, "kind", kind.text()).increment();
    Key key = new Key(kind, about, from);
    synchronized (this) {
      Instant now = clock.instant();
      keep(key, text, now);
      Instant before = written.get(key);
      boolean isDue = before == null ? written.size() < MOST : now.isAfter(before.plus(PAUSE));
      if (!isDue) {
        return;
      }
      written.put(key, now);
    }
    LOG.log(System.Logger.Level.ERROR, "alarm: " + text);
    try {
      ledger.append(
          EVENT,
          new JsonObject()
              .put("alarm", kind.text())
              .put("about", about)
              .put("from", from)
              .put("text", text));
    } catch (UserError e) {
      LOG.log(System.Logger.Level.ERROR, "the alarm is not in the ledger: " + e.getMessage());
    }
  }

  /** So that a meter is there before the first alarm. */
  public static void register(MeterRegistry meters) {
    for (Kind kind : Kind.values()) {
      var _ = meters.counter(METER, "kind", kind.text());
    }
  }

  private void keep(Key key, String text, Instant now) {
    Alarm before = alarms.remove(key);
    alarms.put(
        key,
        before == null
            ? new Alarm(key.kind(), key.about(), key.from(), text, now, now, 1)
            : before.again(text, now));
    forget(now);
  }

  private void forget(Instant now) {
    Instant oldest = now.minus(SHOWN);
    alarms.values().removeIf(alarm -> alarm.last().isBefore(oldest));
    written.values().removeIf(time -> time.plus(PAUSE).isBefore(now));
    while (alarms.size() > MOST) {
      alarms.remove(alarms.keySet().iterator().next());
    }
  }

  /** Those of the last seven days, the newest last. */
  public synchronized List<Alarm> recent() {
    forget(clock.instant());
    return List.copyOf(alarms.values());
  }
}
