package io.hostmesh.runtime.identity;

import io.hostmesh.api.v1.TrustBundle;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The identity of a node agent or a pilot itself. Starts from disk; joins with a token where there
 * is nothing on disk; renews at half of the certificate's life, with the same key, and keeps trying
 * over any outage, also after the certificate has expired. Keys and certificates are kept in a
 * folder of mode 0700.
 *
 * <p>Its work runs on one Vert.x context; what it offers may be asked on any thread.
 */
public final class NodeIdentity implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(NodeIdentity.class.getName());
  private static final Backoff BACKOFF =
      new Backoff(Duration.ofMillis(250), Duration.ofSeconds(20));

  /** The file of the certificate and its key. */
  static final String OWN = "own.pem";

  /**
   * @param id who this is: a {@link SpiffeId.Node} or the control plane's pilot
   * @param directory where keys, certificates and the bundle are kept
   */
  public record Settings(SpiffeId id, Path directory, CitadelSettings citadel) {
    /** The node's name as a join states it; empty for a pilot. */
    String node() {
      return id instanceof SpiffeId.Node node ? node.node() : "";
    }
  }

  private final Settings settings;
  private final Host host;
  private final BooleanSupplier owner;
  private final CurrentIdentity identity;
  private final IdentityFiles files;
  private final KnownAuthorities authorities;
  private final Citadel citadel;
  private final Enrolment enrolment;
  private final Context context;
  private final Promise<Svid> ready = Promise.promise();
  private final List<Consumer<TrustRoots>> rootListeners = new CopyOnWriteArrayList<>();
  private final List<Runnable> authorityListeners = new CopyOnWriteArrayList<>();
  private final Ticks ticks;

  private volatile Attempts attempts = Attempts.none();
  private boolean underWay;
  private boolean watching;
  private Optional<TrustRoots> told = Optional.empty();

  /**
   * Reads what is on disk and begins. Blocks for the reading only.
   *
   * @param owner whether this process may write the folder now: false while another generation of
   *     the same agent still holds it; asked at every look, so that ownership can come later. Until
   *     then the identity is followed from disk.
   * @throws UserError where the folder cannot be used or holds the identity of someone else
   */
  public static NodeIdentity start(Host host, Settings settings, BooleanSupplier owner) {
    return new NodeIdentity(
        host,
        settings,
        owner,
        identity ->
            new CitadelClient(
                host.vertx(),
                settings.id().trustDomain(),
                settings.citadel(),
                identity,
                host.clock(),
                host.random()));
  }

  NodeIdentity(
      Host host,
      Settings settings,
      BooleanSupplier owner,
      Function<CurrentIdentity, Citadel> citadel) {
    this.host = host;
    this.settings = settings;
    this.owner = owner;
    this.identity = new CurrentIdentity();
    this.files = new IdentityFiles(settings.directory());
    this.authorities = new KnownAuthorities(files);
    this.citadel = citadel.apply(identity);
    this.context = host.vertx().getOrCreateContext();
    this.enrolment = new Enrolment(host, settings, identity, files, this.citadel, context);
    load();
    this.told = identity.roots();
    this.ticks = new Ticks(host.vertx(), context, this::isSettled, this::tick);
    ticks.now();
  }

  /** The certificate that holds; expired ones included, since they still serve to renew. */
  public Optional<Svid> svid() {
    return Optional.ofNullable(identity.svid());
  }

  /** The roots; the same object until they change. Empty before the first join. */
  public Optional<TrustRoots> roots() {
    return identity.roots();
  }

  /**
   * Completes when there is an identity. Fails with {@link UserError} where only a person can help:
   * there is no token, or citadel refuses it. An unreachable citadel is waited for.
   */
  public Future<Svid> ready() {
    return ready.future();
  }

  /** Citadel, asked in this identity's name. */
  public Citadel citadel() {
    return citadel;
  }

  public IdentityStatus status() {
    return attempts.status(host.clock().instant());
  }

  /** Why this identity cannot be used now, for readiness; empty while it can. */
  public Optional<String> problem() {
    Attempts now = attempts;
    if (now.current() == null) {
      return Optional.of(now.problem().orElse("has not joined yet"));
    }
    return now.isExpired(host.clock().instant())
        ? Optional.of(
            "the certificate expired at "
                + now.current().notAfter()
                + now.problem().map(problem -> "; " + problem).orElse(""))
        : Optional.empty();
  }

  /** For TLS in this identity's name. */
  public SvidKeyManager keyManager() {
    return new SvidKeyManager(identity::svid);
  }

  /**
   * For TLS with peers of this mesh.
   *
   * @param accepted who may be on the other end
   * @param expectation the same in words, for instance "pilot"
   */
  public SpiffeTrustManager trustManager(Predicate<SpiffeId> accepted, String expectation) {
    TrustRoots nobody = new TrustRoots(settings.id().trustDomain(), List.of(), 0);
    return new SpiffeTrustManager(
        () -> identity.roots().orElse(nobody), accepted, expectation, host.clock());
  }

  /** Calls back, on the context, whenever the roots have changed. */
  public void onRoots(Consumer<TrustRoots> listener) {
    rootListeners.add(listener);
  }

  /** What JWT-SVIDs of this trust domain are judged by; empty before citadel was heard. */
  public List<JwtAuthority> jwtAuthorities() {
    return authorities.authorities();
  }

  /** What identities of other trust domains are judged by, each by its own. */
  public List<DomainBundle> federated() {
    return authorities.federated();
  }

  /**
   * The roots of other trust domains by name, each for its own identities; the same until changed.
   */
  public Map<String, TrustRoots> foreignRoots() {
    return authorities.foreignRoots();
  }

  /**
   * Calls back, on the context, whenever {@link #jwtAuthorities} or {@link #federated} has changed.
   */
  public void onJwtAuthorities(Runnable listener) {
    authorityListeners.add(listener);
  }

  private void heardWhole(TrustBundle bundle) {
    if (!bundle.getTrustDomain().equals(settings.id().trustDomain())
        || !authorities.heard(bundle)) {
      return;
    }
    authorityListeners.forEach(Runnable::run);
    Blocking.run(
            context,
            () -> {
              authorities.keep();
              return bundle;
            })
        .onFailure(
            failure ->
                LOG.log(System.Logger.Level.ERROR, "keys of JWT-SVIDs were not kept", failure));
  }

  private void load() {
    files.readRoots().ifPresent(identity::roots);
    files
        .readSvid(OWN)
        .ifPresent(
            svid -> {
              if (!svid.id().equals(settings.id())) {
                throw new UserError(
                    settings.directory()
                        + " holds the identity of "
                        + svid.id()
                        + ", the configuration says "
                        + settings.id()
                        + "; remove the folder to join anew");
              }
              Svid held = identity.svid();
              if (held == null || !held.leaf().equals(svid.leaf())) {
                hold(svid);
              }
            });
  }

  private void hold(Svid svid) {
    identity.svid(svid);
    attempts =
        identity
            .roots()
            .map(
                roots ->
                    Attempts.with(svid, host.random())
                        .hastened(roots, host.clock().instant(), host.random()))
            .orElseGet(() -> Attempts.with(svid, host.random()));
    ready.tryComplete(svid);
  }

  /** Looks whether something is due. On the context; one attempt at a time. */
  private void tick() {
    Instant now = host.clock().instant();
    tellRoots();
    if (underWay) {
      return;
    }
    if (!owner.getAsBoolean()) {
      follow();
      return;
    }
    if (!watching && identity.svid() != null) {
      watching = true;
      citadel.watchBundle(
          roots -> context.runOnContext(_ -> heard(roots)),
          bundle -> context.runOnContext(_ -> heardWhole(bundle)));
    }
    if (attempts.isDue(now)) {
      underWay = true;
      enrolment
          .attempt(identity.svid())
          .onComplete(
              outcome -> {
                underWay = false;
                if (outcome.succeeded()) {
                  renewed(outcome.result());
                } else {
                  failed(outcome.cause());
                }
              });
    }
  }

  private boolean isSettled() {
    return owner.getAsBoolean() && attempts.current() != null && attempts.failures() == 0;
  }

  private void follow() {
    underWay = true;
    Blocking.run(
            context,
            () -> {
              load();
              return true;
            })
        .onComplete(_ -> underWay = false);
  }

  private void renewed(Svid svid) {
    boolean first = attempts.current() == null;
    boolean recovered = attempts.failures() > 0;
    hold(svid);
    if (first || recovered) {
      LOG.log(System.Logger.Level.INFO, (first ? "joined the mesh as " : "renewed again: ") + svid);
    }
  }

  private void failed(Throwable failure) {
    Instant now = host.clock().instant();
    String why = String.valueOf(failure.getMessage());
    boolean news = attempts.isNews(why, now);
    attempts =
        CitadelException.isOutage(failure)
            ? attempts.unanswered(why, now, BACKOFF, host.random())
            : attempts.failed(why, now, BACKOFF, host.random());
    if (news) {
      LOG.log(
          attempts.isLate(now) ? System.Logger.Level.ERROR : System.Logger.Level.WARNING,
          attempts.current() == null ? "cannot join yet: " + why : "cannot renew yet: " + why);
      LOG.log(System.Logger.Level.DEBUG, "the cause", failure);
    }
    if (Enrolment.isRefusal(failure)) {
      ready.tryFail(failure instanceof UserError ? failure : new UserError(why, failure));
    }
  }

  private void heard(TrustRoots roots) {
    if (roots.trustDomain().equals(settings.id().trustDomain()) && identity.roots(roots)) {
      tellRoots();
    }
  }

  private void tellRoots() {
    Optional<TrustRoots> before = told;
    TrustRoots roots = identity.roots().orElse(null);
    if (roots == null || before.filter(roots::equals).isPresent()) {
      return;
    }
    told = Optional.of(roots);
    attempts = attempts.hastened(roots, host.clock().instant(), host.random());
    rootListeners.forEach(listener -> listener.accept(roots));
    if (owner.getAsBoolean() && before.isPresent()) {
      LOG.log(
          System.Logger.Level.INFO,
          "the trust bundle is now number "
              + roots.sequence()
              + ", the list of revocations number "
              + roots.denied().sequence());
      keep(roots, !roots.roots().equals(before.get().roots()));
    }
  }

  private void keep(TrustRoots roots, boolean areOthers) {
    Blocking.run(
            context,
            () -> {
              files.writeRoots(roots);
              return roots;
            })
        .onSuccess(
            _ -> {
              if (areOthers) {
                citadel.rootsKept();
              }
            })
        .onFailure(
            failure ->
                LOG.log(System.Logger.Level.ERROR, "the trust bundle was not kept", failure));
  }

  @Override
  public void close() {
    ticks.close();
    citadel.close();
  }
}
