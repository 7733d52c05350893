package io.hostmesh.citadel.jwt;

import io.hostmesh.api.v1.JwtAuthority;
import io.hostmesh.api.v1.JwtKeysRecord;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.jwt.JwtSvids;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The keys with which this citadel signs JWT-SVIDs, in memory only: a restart makes another one.
 * Their public halves stand in the registry, signed, so that each citadel tells agents the keys of
 * all, those of a citadel that has ended too while its tokens may hold. A key signs for half a day,
 * and is known for some minutes before it does.
 *
 * <p>Safe for any thread; {@link #look} and {@link #sign} block.
 */
public final class JwtKeys {
  private static final System.Logger LOG = System.getLogger(JwtKeys.class.getName());

  /** How long a token holds. */
  public static final Duration LIFE = Duration.ofMinutes(5);

  private static final Duration USE = Duration.ofHours(12);
  private static final Duration AHEAD = Duration.ofMinutes(5);

  /** Where no older key can sign meanwhile: by then agents that follow a citadel know it. */
  private static final Duration SETTLING = Duration.ofSeconds(2);

  private static final Duration SKEW = Duration.ofMinutes(1);

  private final String trustDomain;
  private final String name;
  private final SignedRecords<JwtKeysRecord> records;
  private final InstantSource clock;
  private volatile List<Key> own = List.of();

  /** A key and when it signs. */
  private record Key(String id, KeyPair pair, Instant from, Instant until) {
    JwtAuthority authority() {
      return JwtAuthority.newBuilder()
          .setKeyId(id)
          .setPublicKey(com.google.protobuf.ByteString.copyFrom(pair.getPublic().getEncoded()))
          .setNotAfterEpochSecond(until.plus(LIFE).plus(SKEW).getEpochSecond())
          .build();
    }
  }

  /** A token and what the ledger says of it. */
  public record Signed(String token, Instant expires, String keyId) {}

  /**
   * @param name this citadel's among several
   */
  public JwtKeys(
      String trustDomain, String name, SignedRecords<JwtKeysRecord> records, InstantSource clock) {
    this.trustDomain = trustDomain;
    this.name = name;
    this.records = records;
    this.clock = clock;
  }

  /** The public keys of all citadels, in the order of their ids. */
  public List<JwtAuthority> authorities() {
    long now = clock.instant().getEpochSecond();
    return records.all().values().stream()
        .flatMap(record -> record.getKeysList().stream())
        .filter(key -> key.getNotAfterEpochSecond() > now)
        .sorted(Comparator.comparing(JwtAuthority::getKeyId))
        .toList();
  }

  /**
   * Makes the next key when it is time. To be called every few seconds.
   *
   * @throws Refusal where the registry does not take it; nothing signs with it then
   */
  public synchronized void look() {
    Instant now = clock.instant();
    List<Key> live = own.stream().filter(key -> now.isBefore(key.until())).toList();
    if (live.stream().anyMatch(key -> now.isBefore(key.until().minus(AHEAD)))) {
      return;
    }
    KeyPair pair = KeyPairs.generate();
    Instant from = now.plus(live.isEmpty() ? SETTLING : AHEAD);
    Key next =
        new Key(
            KeyPairs.fingerprint(pair.getPublic()).substring(0, 32), pair, from, from.plus(USE));
    publish(next.authority(), now);
    List<Key> keys = new ArrayList<>(live);
    keys.add(next);
    own = List.copyOf(keys);
    LOG.log(System.Logger.Level.INFO, "JWT-SVIDs are signed with the key " + next.id() + " soon");
  }

  private void publish(JwtAuthority next, Instant now) {
    records.update(
        name,
        (before, version) -> {
          JwtKeysRecord.Builder record =
              JwtKeysRecord.newBuilder()
                  .setTrustDomain(trustDomain)
                  .setName(name)
                  .setVersion(version)
                  .setSignedAtEpochSecond(now.getEpochSecond());
          before
              .map(JwtKeysRecord::getKeysList)
              .orElseGet(List::of)
              .forEach(
                  key -> {
                    if (key.getNotAfterEpochSecond() > now.getEpochSecond()) {
                      record.addKeys(key);
                    }
                  });
          return record.addKeys(next).build();
        });
  }

  /**
   * Signs a token, which nobody has judged or written down yet. Waits for moments where the first
   * key is still being told.
   *
   * @throws Refusal where there is no key yet
   */
  public Signed sign(SpiffeId id, List<String> audience) {
    Key key =
        current()
            .or(this::first)
            .orElseThrow(
                () ->
                    new Refusal(
                        Refusal.Reason.UNAVAILABLE,
                        "citadel has no key for JWT-SVIDs yet: the registry must take it first; try"
                            + " again"));
    Instant now = clock.instant();
    Instant expires = now.plus(LIFE);
    return new Signed(
        JwtSvids.sign(id, audience, now, expires, key.id(), key.pair().getPrivate()),
        expires,
        key.id());
  }

  /** Of those that sign now, the newest. */
  private Optional<Key> current() {
    Instant now = clock.instant();
    return own.stream()
        .filter(key -> !now.isBefore(key.from()) && now.isBefore(key.until()))
        .max(Comparator.comparing(Key::from));
  }

  private Optional<Key> first() {
    Instant end = clock.instant().plus(SETTLING).plus(SETTLING);
    while (current().isEmpty() && clock.instant().isBefore(end)) {
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
    return current();
  }
}
