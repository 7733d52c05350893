package io.hostmesh.agent.limit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The buckets of a limit by key, no more than {@value #PLACES}: callers choose keys, and may send
 * any number of them. Only a bucket that is full gives its place away, which takes nothing from
 * anybody and gives nobody a token too many. Keys for which there is no place share one bucket: a
 * flood of keys meets the limit as if it were one caller, and those who were there before do not
 * notice it.
 *
 * <p>Any thread. Finding a bucket takes no lock; making one takes one of many.
 */
final class KeyedBuckets {
  /** Keys at once. */
  static final int PLACES = 8192;

  /** The places that a key may have. */
  private static final int WAYS = 8;

  private static final int SETS = PLACES / WAYS;

  /** Longer keys are kept as their digest, so that they take no more room than others. */
  private static final int LONGEST_KEY = 128;

  /** A prime, 2^61 - 1, so that arithmetic by it is cheap. */
  private static final long PRIME = (1L << 61) - 1;

  /** Unknown outside: nobody can choose keys that meet in one set. */
  private static final long SECRET = (new SecureRandom().nextLong() >>> 4) + 65_537;

  /** Makes a full bucket. */
  @FunctionalInterface
  interface Maker {
    Bucket make(String key, long now);
  }

  private final Maker maker;
  private final AtomicReferenceArray<@Nullable Bucket> places = new AtomicReferenceArray<>(PLACES);
  private final Object[] locks = new Object[64];
  private final Bucket common;

  KeyedBuckets(Maker maker, long now) {
    this.maker = maker;
    this.common = maker.make("", now);
    for (int i = 0; i < locks.length; i++) {
      locks[i] = new Object();
    }
  }

  /** The bucket of a key, or the one that is shared by those who have no place. */
  Bucket of(String anyKey, long now) {
    String key = anyKey.length() > LONGEST_KEY ? digest(anyKey) : anyKey;
    int set = (int) (hash(key) & (SETS - 1));
    Bucket found = find(set, key);
    return found == null ? make(set, key, now) : found;
  }

  private @Nullable Bucket find(int set, String key) {
    for (int i = set * WAYS; i < (set + 1) * WAYS; i++) {
      Bucket bucket = places.get(i);
      if (bucket != null && bucket.key().equals(key)) {
        return bucket;
      }
    }
    return null;
  }

  private Bucket make(int set, String key, long now) {
    synchronized (locks[set % locks.length]) {
      Bucket found = find(set, key);
      if (found != null) {
        return found; // What goes out of use is replaced before the lock is left.
      }
      for (int i = set * WAYS; i < (set + 1) * WAYS; i++) {
        Bucket holder = places.get(i);
        if (holder == null || holder.retire(now)) {
          Bucket made = maker.make(key, now);
          places.set(i, made);
          return made;
        }
      }
      return common;
    }
  }

  /** A polynomial of the characters at a secret place: few keys meet, whoever chooses them. */
  private static long hash(String key) {
    long hash = key.length();
    for (int i = 0; i < key.length(); i++) {
      hash = timesSecret(hash) + key.charAt(i) + 1;
    }
    return timesSecret(hash) % PRIME;
  }

  private static long timesSecret(long value) {
    long high = Math.multiplyHigh(value, SECRET);
    long low = value * SECRET;
    long sum = (low & PRIME) + ((low >>> 61) | (high << 3));
    return sum >= PRIME ? sum - PRIME : sum;
  }

  private static String digest(String key) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }
}
