package io.hostmesh.citadel.attest;

import com.google.protobuf.ByteString;
import io.hostmesh.citadel.Refusal;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Nonces that say themselves when and by whom they were made (time, random bytes, and a MAC by a
 * key of this process), so that asking for many costs no memory; only those are remembered that
 * came back with a proof that holds. Safe for any thread.
 */
final class Challenges {
  private static final Duration LIFE = Duration.ofMinutes(1);
  private static final int RANDOM_BYTES = 24;
  private static final int MAC_BYTES = 32;
  private static final int BYTES = Long.BYTES + RANDOM_BYTES + MAC_BYTES;

  private final InstantSource clock;
  private final SecureRandom random;
  private final SecretKeySpec key;
  private final Map<ByteString, Instant> taken = new LinkedHashMap<>();

  Challenges(InstantSource clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
    byte[] secret = new byte[MAC_BYTES];
    random.nextBytes(secret);
    this.key = new SecretKeySpec(secret, "HmacSHA256");
  }

  ByteString fresh() {
    byte[] salt = new byte[RANDOM_BYTES];
    random.nextBytes(salt);
    ByteBuffer nonce = ByteBuffer.allocate(BYTES);
    nonce.putLong(clock.instant().toEpochMilli()).put(salt);
    nonce.put(mac(nonce.array()));
    return ByteString.copyFrom(nonce.array());
  }

  /**
   * @throws Refusal where it is not one of this citadel's, or too old: the host asks again
   */
  void check(ByteString nonce) {
    byte[] bytes = nonce.toByteArray();
    if (bytes.length != BYTES
        || !MessageDigest.isEqual(
            mac(bytes), java.util.Arrays.copyOfRange(bytes, BYTES - MAC_BYTES, BYTES))) {
      throw again("is not one of this citadel");
    }
    Instant made = Instant.ofEpochMilli(ByteBuffer.wrap(bytes).getLong());
    if (clock.instant().isAfter(made.plus(LIFE))) {
      throw again("is older than a minute");
    }
  }

  private static Refusal again(String what) {
    return new Refusal(Refusal.Reason.UNAVAILABLE, "the challenge " + what + "; ask for a new one");
  }

  /** Whether this is the first time that the nonce comes back with a proof that holds. */
  synchronized boolean take(ByteString nonce) {
    Instant now = clock.instant();
    taken.values().removeIf(end -> end.isBefore(now));
    return taken.putIfAbsent(nonce, now.plus(LIFE).plus(LIFE)) == null;
  }

  private byte[] mac(byte[] nonce) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      mac.update(nonce, 0, BYTES - MAC_BYTES);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
    }
  }
}
