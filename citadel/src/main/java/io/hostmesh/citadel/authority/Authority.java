package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.citadel.authority.Profiles.Validity;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * The keys that sign: a root, and the intermediate under it that does the daily work. Both are made
 * at the first start. The intermediate is renewed at half of its life while the root's key is at
 * hand; where an operator took that key offline, a renewal waits for it. Safe for any thread.
 */
public final class Authority {
  private static final System.Logger LOG = System.getLogger(Authority.class.getName());

  /** The trust bundle's number while there is one root. */
  private static final long FIRST_BUNDLE = 1;

  /** Clocks of hosts differ: what was issued holds a little earlier. */
  private static final Duration BACKDATING = Duration.ofMinutes(1);

  private final String trustDomain;
  private final Lifetimes lifetimes;
  private final InstantSource clock;
  private final AuthorityFiles files;
  private final Profiles profiles;
  private final X509Certificate root;
  private volatile Signer intermediate;
  private volatile Svid own;

  /**
   * Opens the authority of a state folder, or makes it. Blocks for about a second.
   *
   * @throws io.hostmesh.runtime.UserError where the files cannot be used, the passphrase is wrong,
   *     or they are of another trust domain
   */
  public static Authority open(
      String trustDomain,
      Lifetimes lifetimes,
      AuthorityFiles files,
      InstantSource clock,
      SecureRandom random) {
    Profiles profiles = new Profiles(trustDomain, random);
    if (!files.exists()) {
      KeyPair pair = KeyPairs.generate();
      Validity validity = validity(lifetimes.root(), clock.instant());
      files.writeRoot(
          new Signer(
              profiles.root(pair.getPublic(), pair.getPrivate(), validity), pair.getPrivate()));
      LOG.log(System.Logger.Level.INFO, "made a root for the trust domain " + trustDomain);
    }
    X509Certificate root = files.root(trustDomain);
    Signer intermediate =
        files
            .intermediate(root)
            .orElseGet(() -> freshIntermediate(profiles, files, root, lifetimes, clock));
    return new Authority(trustDomain, lifetimes, clock, files, profiles, root, intermediate);
  }

  private Authority(
      String trustDomain,
      Lifetimes lifetimes,
      InstantSource clock,
      AuthorityFiles files,
      Profiles profiles,
      X509Certificate root,
      Signer intermediate) {
    this.trustDomain = trustDomain;
    this.lifetimes = lifetimes;
    this.clock = clock;
    this.files = files;
    this.profiles = profiles;
    this.root = root;
    this.intermediate = intermediate;
    this.own = makeOwn();
  }

  private static Signer freshIntermediate(
      Profiles profiles,
      AuthorityFiles files,
      X509Certificate root,
      Lifetimes lifetimes,
      InstantSource clock) {
    KeyPair pair = KeyPairs.generate();
    Signer signer = new Signer(root, files.rootKey());
    Validity wished = validity(lifetimes.intermediate(), clock.instant());
    Instant end = earlier(wished.notAfter(), root.getNotAfter().toInstant());
    X509Certificate certificate =
        profiles.intermediate(pair.getPublic(), signer, new Validity(wished.notBefore(), end));
    Signer fresh = new Signer(certificate, pair.getPrivate());
    files.writeIntermediate(fresh);
    LOG.log(
        System.Logger.Level.INFO,
        "made an intermediate, valid until " + certificate.getNotAfter().toInstant());
    return fresh;
  }

  public String trustDomain() {
    return trustDomain;
  }

  public X509Certificate root() {
    return root;
  }

  public X509Certificate intermediate() {
    return intermediate.certificate();
  }

  /** What everyone in the mesh trusts. */
  public TrustRoots roots() {
    return new TrustRoots(trustDomain, List.of(root), FIRST_BUNDLE);
  }

  /** Citadel's own certificate, for its server and its statements. */
  public Svid own() {
    return own;
  }

  /**
   * Signs a leaf, which nobody has judged yet.
   *
   * @return the leaf, then the intermediate
   */
  public List<X509Certificate> sign(SpiffeId id, PublicKey key, Duration lifetime) {
    Signer signer = intermediate;
    Validity wished = validity(lifetime, clock.instant());
    Instant end = earlier(wished.notAfter(), signer.certificate().getNotAfter().toInstant());
    return List.of(
        profiles.leaf(id, key, signer, new Validity(wished.notBefore(), end)),
        signer.certificate());
  }

  /**
   * Renews the intermediate and the own certificate where half of their life is over. To be called
   * every few seconds; blocks.
   */
  public synchronized void renew() {
    Instant now = clock.instant();
    if (isHalfOver(intermediate.certificate(), now)) {
      if (files.hasRootKey()) {
        intermediate = freshIntermediate(profiles, files, root, lifetimes, clock);
        own = makeOwn();
      } else {
        LOG.log(
            System.Logger.Level.WARNING,
            "the intermediate ends at "
                + intermediate.certificate().getNotAfter().toInstant()
                + " and the root's key is not here: put "
                + files.rootKeyPath()
                + " back until it is renewed");
      }
    }
    if (isHalfOver(own().leaf(), now)) {
      own = makeOwn();
    }
  }

  private Svid makeOwn() {
    KeyPair pair = KeyPairs.generate();
    SpiffeId id = new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL);
    return new Svid(id, sign(id, pair.getPublic(), lifetimes.node()), pair.getPrivate());
  }

  private static boolean isHalfOver(X509Certificate certificate, Instant now) {
    Instant begin = certificate.getNotBefore().toInstant();
    Duration life = Duration.between(begin, certificate.getNotAfter().toInstant());
    return now.isAfter(begin.plus(life.dividedBy(2)));
  }

  /** Backdated by a minute, by less where the whole life is short. */
  private static Validity validity(Duration lifetime, Instant now) {
    Duration tenth = lifetime.dividedBy(10);
    Duration back = tenth.compareTo(BACKDATING) < 0 ? tenth : BACKDATING;
    return new Validity(now.minus(back), now.plus(lifetime));
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }
}
