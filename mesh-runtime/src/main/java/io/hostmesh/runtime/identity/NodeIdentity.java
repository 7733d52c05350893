package io.hostmesh.runtime.identity;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

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
  private static final String OWN = "own.pem";
  private static final String PENDING_KEY = "join-key.pem";
  private static final String JOINED_WITH = "joined-with";

  /** How often it looks whether something is due. */
  static final long TICK_MS = 100;

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
  private final Citadel citadel;
  private final Context context;
  private final Promise<Svid> ready = Promise.promise();
  private final List<Consumer<TrustRoots>> rootListeners = new CopyOnWriteArrayList<>();
  private final long timer;

  private volatile Attempts attempts = Attempts.none();
  private boolean underWay;
  private boolean watching;
  private boolean notAccepted;
  private @Nullable String refusedToken;
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
    this.citadel = citadel.apply(identity);
    this.context = host.vertx().getOrCreateContext();
    load();
    this.told = identity.roots();
    this.timer = host.vertx().setPeriodic(TICK_MS, _ -> context.runOnContext(_ -> tick()));
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
    attempts = Attempts.with(svid, host.random());
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
      citadel.watchBundle(roots -> context.runOnContext(_ -> heard(roots)));
    }
    if (attempts.isDue(now)) {
      underWay = true;
      Svid held = identity.svid();
      Future<Svid> attempt = held == null ? join() : renew(held);
      attempt.onComplete(
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

  private Future<Svid> join() {
    return Blocking.run(context, this::token)
        .compose(
            token -> {
              if (token.text().equals(refusedToken)) {
                return Future.failedFuture(
                    new CitadelException(
                        CitadelException.Kind.TOKEN,
                        attempts.problem().orElse("the join token was refused")));
              }
              return joinWith(token);
            });
  }

  private Future<Svid> joinWith(JoinToken token) {
    return Blocking.run(context, () -> files.pendingKey(PENDING_KEY))
        .compose(
            pair ->
                citadel
                    .join(token, settings.node(), Csr.of(pair))
                    .onFailure(
                        failure -> {
                          if (isRefusal(failure)) {
                            refusedToken = token.text();
                          }
                        })
                    .compose(
                        issued ->
                            Blocking.run(
                                context,
                                () -> {
                                  Svid svid = judge(issued, issued.roots(), pair);
                                  files.writeRoots(issued.roots());
                                  files.writeSvid(OWN, svid);
                                  files.write(JOINED_WITH, token.id() + "\n");
                                  files.delete(PENDING_KEY);
                                  identity.roots(issued.roots());
                                  return svid;
                                })));
  }

  /** The configured token; which one it is may change while waiting. */
  private JoinToken token() {
    CitadelSettings source = settings.citadel();
    String text =
        source
            .token()
            .or(() -> source.tokenFile().map(ConfigFile::text))
            .orElseThrow(
                () ->
                    new UserError(
                        "this host has not joined the mesh and there is no join token: make one "
                            + "with \"hostmesh token create\" and set citadel.token-file"));
    try {
      return JoinToken.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          source.tokenFile().map(file -> file + ": ").orElse("citadel.token: ") + e.getMessage(),
          e);
    }
  }

  private Future<Svid> renew(Svid held) {
    if (notAccepted) {
      return Blocking.run(context, this::anotherToken)
          .compose(token -> token.map(this::joinWith).orElseGet(() -> renewWithKey(held)));
    }
    return renewWithKey(held);
  }

  /** A token that this host has not joined with yet: how an operator readmits it. */
  private Optional<JoinToken> anotherToken() {
    String used = files.text(JOINED_WITH).map(String::strip).orElse("");
    try {
      return Optional.of(token())
          .filter(token -> !token.id().equals(used) && !token.text().equals(refusedToken));
    } catch (UserError none) {
      LOG.log(System.Logger.Level.DEBUG, "no other join token", none);
      return Optional.empty();
    }
  }

  private Future<Svid> renewWithKey(Svid held) {
    KeyPair pair = new KeyPair(held.leaf().getPublicKey(), held.key());
    return citadel
        .renew(Csr.of(pair))
        .compose(
            issued ->
                Blocking.run(
                    context,
                    () -> {
                      Svid svid = judge(issued, identity.roots().orElse(issued.roots()), pair);
                      if (identity.roots(issued.roots())) {
                        files.writeRoots(issued.roots());
                      }
                      files.writeSvid(OWN, svid);
                      return svid;
                    }));
  }

  /** Believes nothing of an answer that this host can judge by itself. */
  private Svid judge(Issued issued, TrustRoots roots, KeyPair pair) throws CertificateException {
    SpiffeId id = SvidVerifier.verify(issued.chain(), roots, host.clock().instant());
    if (!id.equals(settings.id())
        || !issued.chain().getFirst().getPublicKey().equals(pair.getPublic())) {
      throw new CertificateException(
          "citadel answered with a certificate of " + id + " for another key or id");
    }
    return new Svid(id, issued.chain(), pair.getPrivate());
  }

  private void renewed(Svid svid) {
    boolean first = attempts.current() == null;
    boolean recovered = attempts.failures() > 0;
    notAccepted = false;
    hold(svid);
    if (first || recovered) {
      LOG.log(System.Logger.Level.INFO, (first ? "joined the mesh as " : "renewed again: ") + svid);
    }
  }

  private void failed(Throwable failure) {
    Instant now = host.clock().instant();
    String why = String.valueOf(failure.getMessage());
    boolean news = attempts.isNews(why, now);
    attempts = attempts.failed(why, now, BACKOFF, host.random());
    if (failure instanceof CitadelException refused
        && refused.kind() == CitadelException.Kind.NOT_ACCEPTED) {
      notAccepted = true;
    }
    if (news) {
      LOG.log(
          attempts.isLate(now) ? System.Logger.Level.ERROR : System.Logger.Level.WARNING,
          attempts.current() == null ? "cannot join yet: " + why : "cannot renew yet: " + why);
      LOG.log(System.Logger.Level.DEBUG, "the cause", failure);
    }
    if (isRefusal(failure)) {
      ready.tryFail(failure instanceof UserError ? failure : new UserError(why, failure));
    }
  }

  /** Whether only a person can help. */
  private static boolean isRefusal(Throwable failure) {
    return failure instanceof UserError
        || (failure instanceof CitadelException refused
            && refused.kind() == CitadelException.Kind.TOKEN);
  }

  private void heard(TrustRoots roots) {
    if (!roots.trustDomain().equals(settings.id().trustDomain()) || !identity.roots(roots)) {
      return;
    }
    LOG.log(System.Logger.Level.INFO, "the trust bundle is now number " + roots.sequence());
    Blocking.run(
            context,
            () -> {
              files.writeRoots(roots);
              return roots;
            })
        .onFailure(
            failure ->
                LOG.log(System.Logger.Level.ERROR, "the trust bundle was not kept", failure));
  }

  private void tellRoots() {
    Optional<TrustRoots> current = identity.roots();
    if (!current.equals(told)) {
      told = current;
      current.ifPresent(roots -> rootListeners.forEach(listener -> listener.accept(roots)));
    }
  }

  @Override
  public void close() {
    host.vertx().cancelTimer(timer);
    citadel.close();
  }
}
