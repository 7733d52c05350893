package io.hostmesh.citadel.authority;

import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.citadel.authority.Profiles.Validity;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Vertx;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The keys that sign: roots, one of which signs, and the intermediate under it that does the daily
 * work. Where citadel has the root itself, both are made at the first start; the intermediate is
 * renewed at half of its life while its {@link IntermediateSource} can be asked. Where an
 * intermediate is signed elsewhere there is none at first, and nothing is signed until it was
 * installed. Safe for any thread; what changes something blocks.
 */
public final class Authority {
  private static final System.Logger LOG = System.getLogger(Authority.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(20);

  private final String trustDomain;
  private final Lifetimes lifetimes;
  private final KeyPairs.Curve curve;
  private final InstantSource clock;
  private final AuthorityFiles files;
  private final Profiles profiles;
  private final IntermediateCheck check;
  private final IntermediateSource source;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Guards what is made of state, retiring and denied: {@link #roots}. */
  private final Object view = new Object();

  private volatile RootState state;
  private volatile @Nullable Intermediate current;
  private volatile @Nullable Intermediate next;
  private volatile @Nullable X509Certificate retiring;
  private volatile @Nullable Svid own;
  private volatile DenyList denied = DenyList.EMPTY;
  private volatile TrustRoots roots;
  private volatile Optional<String> problem = Optional.empty();
  private Instant notBefore = Instant.MIN;

  /**
   * Opens the authority of a state folder, or makes it, with a root of its own on P-256. Blocks for
   * about a second.
   *
   * @throws UserError where the files cannot be used, the passphrase is wrong, or they are of
   *     another trust domain
   */
  public static Authority open(
      String trustDomain,
      Lifetimes lifetimes,
      AuthorityFiles files,
      InstantSource clock,
      SecureRandom random) {
    Profiles profiles = new Profiles(trustDomain, random);
    return open(
        trustDomain,
        lifetimes,
        CaSettings.BUILT_IN,
        new BuiltInSource(files, profiles, clock),
        profiles,
        files,
        clock);
  }

  /**
   * {@link #open(String, Lifetimes, AuthorityFiles, InstantSource, SecureRandom)} with an
   * intermediate from any source. Where it has none yet, {@link #problem} says what to do.
   *
   * @param vertx with which others are asked; not from its own threads
   */
  public static Authority open(
      String trustDomain,
      Lifetimes lifetimes,
      CaSettings settings,
      Vertx vertx,
      AuthorityFiles files,
      InstantSource clock,
      SecureRandom random) {
    Profiles profiles = new Profiles(trustDomain, random);
    IntermediateSource source =
        switch (settings.source()) {
          case BUILT_IN -> new BuiltInSource(files, profiles, clock);
          case CSR -> new CsrSource();
          case VAULT -> {
            VaultSettings vault = settings.vault().orElseThrow();
            yield new VaultSource(vault, new VaultClient(vertx, vault), clock);
          }
        };
    return open(trustDomain, lifetimes, settings, source, profiles, files, clock);
  }

  private static Authority open(
      String trustDomain,
      Lifetimes lifetimes,
      CaSettings settings,
      IntermediateSource source,
      Profiles profiles,
      AuthorityFiles files,
      InstantSource clock) {
    files.check(trustDomain);
    if (source.hasRoots() && !files.exists()) {
      files.writeFirstRoot(freshRoot(profiles, lifetimes, settings.curve(), clock.instant()));
      LOG.log(System.Logger.Level.INFO, "made a root for the trust domain " + trustDomain);
    }
    settings
        .rootFile()
        .map(file -> GivenRoots.read(file, clock.instant()))
        .ifPresent(given -> files.giveRoots(trustDomain, given, clock.instant()));
    Authority authority =
        new Authority(
            trustDomain,
            lifetimes,
            settings.curve(),
            clock,
            files,
            profiles,
            source,
            files.state(trustDomain));
    authority.begin();
    return authority;
  }

  Authority(
      String trustDomain,
      Lifetimes lifetimes,
      KeyPairs.Curve curve,
      InstantSource clock,
      AuthorityFiles files,
      Profiles profiles,
      IntermediateSource source,
      RootState state) {
    this.trustDomain = trustDomain;
    this.lifetimes = lifetimes;
    this.curve = curve;
    this.clock = clock;
    this.files = files;
    this.profiles = profiles;
    this.check = new IntermediateCheck(trustDomain, profiles);
    this.source = source;
    this.state = state;
    this.roots = new TrustRoots(trustDomain, state.roots(), state.sequence());
  }

  /** Takes what is on disk, makes what is missing where that can be done now. */
  void begin() {
    next = load(AuthorityFiles.NEXT);
    Intermediate found = load(AuthorityFiles.CURRENT);
    if (found == null) {
      makeFirst(clock.instant());
    } else {
      use(found);
    }
  }

  /** Until it is there, nothing is signed, and {@link #renew} tries again. */
  private void makeFirst(Instant now) {
    try {
      use(fresh(AuthorityFiles.CURRENT));
      problem = Optional.empty();
    } catch (Refusal | UserError e) {
      notBefore = now.plus(PAUSE);
      problem("citadel has no intermediate yet and signs nothing: " + e.getMessage());
    }
  }

  /** Refuses files that are of another root; expired ones are replaced where that is possible. */
  private @Nullable Intermediate load(String name) {
    Intermediate found = files.intermediate(name).orElse(null);
    if (found == null || IntermediateCheck.rootOf(found.chain(), state.roots()).isPresent()) {
      return found;
    }
    throw new UserError(files.path(name) + ": is not signed by a root of " + trustDomain);
  }

  private static Signer freshRoot(
      Profiles profiles, Lifetimes lifetimes, KeyPairs.Curve curve, Instant now) {
    KeyPair pair = KeyPairs.generate(curve);
    Validity validity = Validity.from(now, lifetimes.root());
    return new Signer(
        profiles.root(pair.getPublic(), pair.getPrivate(), validity), pair.getPrivate());
  }

  /** Has another intermediate signed and keeps it under a name. */
  private Intermediate fresh(String name) {
    X509Certificate root = state.signingRoot();
    Optional<String> why = source.unavailable(root);
    if (why.isPresent()) {
      throw new Refusal(Refusal.Reason.UNAVAILABLE, why.get());
    }
    KeyPair pair = KeyPairs.generate(curve);
    Intermediate made =
        check.accepted(
            source.sign(profiles.request(pair), root, lifetimes.intermediate()),
            pair.getPrivate(),
            state.roots(),
            clock.instant(),
            "the new intermediate");
    files.writeIntermediate(name, made);
    LOG.log(System.Logger.Level.INFO, "made an " + made);
    return made;
  }

  private void use(Intermediate intermediate) {
    current = intermediate;
    own = makeOwn();
    changed();
  }

  private void changed() {
    synchronized (view) {
      RootState now = state;
      Set<String> keys = new HashSet<>();
      now.retiringRoot().flatMap(KeyIds::subject).ifPresent(keys::add);
      X509Certificate old = retiring;
      if (old != null) {
        KeyIds.subject(old).ifPresent(keys::add);
      }
      roots = new TrustRoots(trustDomain, now.roots(), now.sequence(), denied, keys);
    }
    listeners.forEach(Runnable::run);
  }

  /** Calls back, on any thread, whenever {@link #roots} or what signs has changed. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  public String trustDomain() {
    return trustDomain;
  }

  /** The root above the intermediate, to which what is issued here leads. */
  public X509Certificate root() {
    Intermediate held = current;
    return held == null
        ? state.signingRoot()
        : IntermediateCheck.rootOf(held.chain(), state.roots()).orElseGet(state::signingRoot);
  }

  /** How far a rotation of the root has come. */
  public RootState state() {
    return state;
  }

  /**
   * The intermediate that signs.
   *
   * @throws Refusal where there is none yet
   */
  public X509Certificate intermediate() {
    return signer().certificate();
  }

  /** The intermediate that signs; empty where there is none yet. */
  public Optional<X509Certificate> signing() {
    return Optional.ofNullable(current).map(Intermediate::certificate);
  }

  /** The intermediate that is to sign next; empty where none was prepared. */
  public Optional<X509Certificate> nextIntermediate() {
    return Optional.ofNullable(next).map(Intermediate::certificate);
  }

  /** The intermediate that signed before, until it is retired. */
  public Optional<X509Certificate> retiringIntermediate() {
    return Optional.ofNullable(retiring);
  }

  /** The fingerprint of the root above the intermediate that signs. */
  public String issuingRoot() {
    return KeyIds.fingerprint(root());
  }

  /** What everyone in the mesh trusts; the same object until it changes. */
  public TrustRoots roots() {
    return roots;
  }

  /** From now on these are denied. Waits for nothing that a slow source holds up. */
  public void denied(DenyList list) {
    synchronized (view) {
      if (list.equals(denied)) {
        return;
      }
      denied = list;
    }
    changed();
  }

  /** What citadel shows at handshakes; null, so that they fail, while it has no intermediate. */
  public @Nullable Svid shown() {
    return current == null ? null : own();
  }

  /**
   * Citadel's own certificate, for its server and its statements.
   *
   * @throws Refusal where there is none yet
   */
  public Svid own() {
    Svid held = own;
    if (held == null && current == null) {
      throw none();
    }
    return held != null && holds(held.leaf(), clock.instant()) ? held : ownAnew();
  }

  /** After a leap of the clock, before {@link #renew} has looked, or with a first intermediate. */
  private synchronized Svid ownAnew() {
    Svid held = own;
    if (held == null || !holds(held.leaf(), clock.instant())) {
      held = makeOwn();
      own = held;
    }
    return held;
  }

  private static boolean holds(X509Certificate certificate, Instant now) {
    return !now.isBefore(certificate.getNotBefore().toInstant())
        && !now.isAfter(certificate.getNotAfter().toInstant());
  }

  private Intermediate signer() {
    Intermediate held = current;
    if (held == null) {
      throw none();
    }
    return held;
  }

  private static Refusal none() {
    return new Refusal(
        Refusal.Reason.UNAVAILABLE,
        "citadel has no intermediate yet; see \"hostmesh ca status\" on its host");
  }

  /**
   * Signs a leaf, which nobody has judged yet.
   *
   * @return the leaf, then the intermediate and what stands above it, without the root
   */
  public List<X509Certificate> sign(SpiffeId id, PublicKey key, Duration lifetime) {
    Intermediate by = signer();
    Validity wished = Validity.from(clock.instant(), lifetime);
    Instant end = by.certificate().getNotAfter().toInstant();
    List<X509Certificate> chain = new ArrayList<>();
    chain.add(
        profiles.leaf(
            id,
            key,
            by.signer(),
            new Validity(
                wished.notBefore(), wished.notAfter().isBefore(end) ? wished.notAfter() : end)));
    chain.addAll(by.chain());
    return chain;
  }

  /**
   * Signs another citadel's intermediate with the root, for {@code hostmesh ca sign}.
   *
   * @param csr PKCS #10, DER
   * @return the intermediate, then the root
   */
  public List<X509Certificate> signIntermediate(byte[] csr) {
    requireRoots();
    X509Certificate root = state.signingRoot();
    Optional<String> why = source.unavailable(root);
    if (why.isPresent()) {
      throw new UserError(why.get());
    }
    try {
      List<X509Certificate> chain =
          new ArrayList<>(source.sign(csr, root, lifetimes.intermediate()));
      chain.add(root);
      return chain;
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Renews the intermediate and the own certificate where half of their life is over, or another
   * root signs by now. To be called every few seconds; blocks.
   */
  public synchronized void renew() {
    Instant now = clock.instant();
    Intermediate held = current;
    if (held == null) {
      if (!now.isBefore(notBefore)) {
        makeFirst(now);
      }
      return;
    }
    if (isUnderAnother(held) || isHalfOver(held.certificate(), now)) {
      Optional<String> why = source.unavailable(state.signingRoot());
      if (why.isPresent()) {
        cannotRenew(held, why.get());
      } else if (!now.isBefore(notBefore)) {
        renewIntermediate(held, now);
      }
    } else {
      problem = Optional.empty();
    }
    if (isHalfOver(own().leaf(), now)) {
      own = makeOwn();
    }
  }

  /** Of several roots that were given, any may be above the intermediate; one that goes may not. */
  private boolean isUnderAnother(Intermediate held) {
    return IntermediateCheck.rootOf(held.chain(), state.roots())
        .map(KeyIds::fingerprint)
        .map(root -> source.hasRoots() ? !root.equals(state.signing()) : isRetiring(root))
        .orElse(true);
  }

  private boolean isRetiring(String root) {
    return state.retiring().filter(root::equals).isPresent();
  }

  private void renewIntermediate(Intermediate held, Instant now) {
    try {
      Intermediate made = fresh(AuthorityFiles.CURRENT);
      use(made);
      problem = Optional.empty();
      if (isHalfOver(made.certificate(), now)) { // Or it would be made anew at every look.
        notBefore = now.plus(PAUSE);
        problem(
            "the intermediate that was just made ends at "
                + made.certificate().getNotAfter().toInstant()
                + ", and half of its time is over already; is the clock of this host, or of who"
                + " signed it, wrong?");
      }
    } catch (Refusal | UserError e) {
      notBefore = now.plus(PAUSE);
      cannotRenew(held, String.valueOf(e.getMessage()));
    }
  }

  private void cannotRenew(Intermediate held, String why) {
    problem(
        "the intermediate ends at "
            + held.certificate().getNotAfter().toInstant()
            + " and cannot be renewed: "
            + why);
  }

  private void problem(String text) {
    if (!problem.equals(Optional.of(text))) {
      problem = Optional.of(text);
      LOG.log(System.Logger.Level.WARNING, text);
    }
  }

  /**
   * Why there is no intermediate, or it is not renewed where it should be; empty where all is well.
   */
  public Optional<String> problem() {
    return problem.or(source::problem);
  }

  /** Looks after what its source needs. To be called every few seconds; may block for seconds. */
  public void tendSource() {
    source.tend();
  }

  /** Whether there is an intermediate, so that something can be signed. */
  public boolean isReady() {
    return current != null;
  }

  /**
   * A request for another intermediate, to be signed elsewhere: the same key until its answer was
   * installed. Blocks.
   *
   * @return PKCS #10, DER
   * @throws UserError where citadel has its intermediate signed by itself
   */
  public synchronized byte[] request() {
    source
        .signer()
        .ifPresent(
            signer -> {
              throw new UserError(
                  signer + " signs citadel's intermediate (ca.source): nobody else is to be asked");
            });
    return profiles.request(files.pendingKey(curve));
  }

  /**
   * Takes what was signed for {@link #request}. It signs at once where nothing else does, otherwise
   * it is prepared.
   *
   * @param chain the intermediate first, then what stands between it and the root; roots are left
   *     out
   * @return whether it signs already
   * @throws UserError with all that is wrong with it
   */
  public synchronized boolean install(List<X509Certificate> chain) {
    Instant now = clock.instant();
    KeyPair pair =
        files
            .pendingKey()
            .orElseThrow(
                () ->
                    new UserError(
                        "nothing waits for an answer here: run \"hostmesh ca csr\" first, and have"
                            + " that request signed"));
    Intermediate installed =
        check.accepted(chain, pair.getPrivate(), state.roots(), now, "the chain");
    Intermediate held = current;
    boolean isAtOnce = held == null || now.isAfter(held.certificate().getNotAfter().toInstant());
    files.writeIntermediate(isAtOnce ? AuthorityFiles.CURRENT : AuthorityFiles.NEXT, installed);
    files.deletePending();
    LOG.log(System.Logger.Level.INFO, "took an " + installed);
    if (isAtOnce) {
      problem = Optional.empty();
      use(installed);
    } else {
      next = installed;
    }
    return isAtOnce;
  }

  /** Has another intermediate made, which signs nothing yet. */
  public synchronized X509Certificate prepareIntermediate() {
    Intermediate made = fresh(AuthorityFiles.NEXT);
    next = made;
    return made.certificate();
  }

  /** The prepared intermediate signs from now on; what the other signed is renewed early. */
  public synchronized void activateIntermediate() {
    Intermediate prepared = next;
    if (prepared == null) {
      throw new UserError(
          "no intermediate was prepared; run: hostmesh ca rotate intermediate --prepare");
    }
    retiring = signer().certificate();
    files.writeIntermediate(AuthorityFiles.CURRENT, prepared);
    files.delete(AuthorityFiles.NEXT);
    next = null;
    use(prepared);
    LOG.log(System.Logger.Level.INFO, "the prepared " + prepared + " signs now");
  }

  /** The intermediate that signed before is forgotten. Its key went when it was activated. */
  public synchronized void retireIntermediate() {
    if (retiring == null) {
      throw new UserError("no intermediate is on its way out");
    }
    retiring = null;
    changed();
  }

  private void requireRoots() {
    if (!source.hasRoots()) {
      throw new UserError(
          "the root is not this citadel's (ca.source): do this where the root's key is, and see"
              + " \"Rotation\" in docs/security.md");
    }
  }

  /** Makes a root that is to follow the one that signs. Its key is on disk when this returns. */
  public synchronized RootState prepareRoot() {
    requireRoots();
    if (state.roots().size() > 1) {
      throw new UserError(
          "a rotation of the root is under way ("
              + state.phase()
              + "); finish it first, see \"hostmesh ca status\"");
    }
    Optional<String> why = source.unavailable(state.signingRoot());
    if (why.isPresent()) {
      throw new UserError(why.get());
    }
    Signer root = freshRoot(profiles, lifetimes, curve, clock.instant());
    files.writeLaterRoot(root);
    return state.prepared(root.certificate());
  }

  /**
   * Signs a state with the root that signs now, so that whoever trusts this one follows.
   *
   * @throws UserError where the root's key is not here
   */
  public SignedStatement statement(RootState following, X509Certificate by, String operator) {
    requireRoots();
    if (!files.hasRootKey(by)) {
      throw new UserError(
          "this needs the root's key: put " + files.rootKeyPath(by) + " back until it is done");
    }
    return SignedStatements.sign(
        following.statement(trustDomain, operator, clock.instant().getEpochSecond()),
        List.of(by),
        files.rootKey(by));
  }

  /** What was last adopted, as the registry should hold it; empty before the first rotation. */
  public Optional<SignedStatement> statement() {
    return files.statement();
  }

  /**
   * From now on these roots hold. Where another one signs, the next {@link #renew} makes the
   * intermediate anew under it.
   *
   * @param statement that says so, judged
   */
  public synchronized void adopt(RootState following, SignedStatement statement) {
    files.writeState(statement);
    boolean isAnother = !following.signing().equals(state.signing());
    state = following;
    LOG.log(
        System.Logger.Level.INFO,
        "the roots are now number "
            + following.sequence()
            + " ("
            + following.phase()
            + "): "
            + following.roots().size()
            + ", of which "
            + following.signing().substring(0, 16)
            + " signs");
    changed();
    if (isAnother) {
      notBefore = Instant.MIN;
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
    // One of the future was made while the clock was wrong.
    return now.isBefore(begin) || now.isAfter(begin.plus(life.dividedBy(2)));
  }
}
