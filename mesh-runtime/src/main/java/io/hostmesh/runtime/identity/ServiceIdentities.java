package io.hostmesh.runtime.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.backoff.Backoff;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The certificates of a host's services: each has a key of its own, made here, that never leaves.
 * Starts from disk, so that a host serves while citadel is away; a new key with every renewal.
 *
 * <p>Its work runs on one Vert.x context; {@link #svid} and {@link #status} may be asked on any
 * thread.
 */
public final class ServiceIdentities implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServiceIdentities.class.getName());

  private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(5));

  /** Short, so that a service comes up within moments of "hostmesh node allow". */
  private static final Backoff ENTITLEMENT =
      new Backoff(Duration.ofMillis(250), Duration.ofMillis(1500));

  private static final int AT_ONCE = 4;

  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final Pattern FILE =
      Pattern.compile("(?<namespace>" + LABEL + ")\\.(?<service>" + LABEL + ")\\.pem");

  private final Host host;
  private final NodeIdentity node;
  private final KeyPairs.Kind kind;
  private final BooleanSupplier owner;
  private final IdentityFiles files;
  private final Context context;
  private final Map<ServiceName, Attempts> attempts = new ConcurrentHashMap<>();
  private final Map<ServiceName, Svid> valid = new ConcurrentHashMap<>();
  private final Set<ServiceName> underWay = ConcurrentHashMap.newKeySet();
  private final CopyOnWriteArrayList<Consumer<ServiceName>> listeners =
      new CopyOnWriteArrayList<>();
  private final Ticks ticks;

  /**
   * @param directory where the services' keys and certificates are kept
   * @param kind of the keys; a certificate of another kind that is on disk is got anew
   * @param owner whether this process may write the folder now, as in {@link NodeIdentity#start}
   * @throws UserError where the folder cannot be used
   */
  public ServiceIdentities(
      Host host, NodeIdentity node, Path directory, KeyPairs.Kind kind, BooleanSupplier owner) {
    this.host = host;
    this.kind = kind;
    this.node = node;
    this.owner = owner;
    this.files = new IdentityFiles(directory);
    this.context = host.vertx().getOrCreateContext();
    this.ticks = new Ticks(host.vertx(), context, this::isSettled, this::tick);
    node.onRoots(roots -> context.runOnContext(_ -> rootsChanged(roots)));
    ticks.now();
  }

  /**
   * Says which services are here now. New ones are read from disk before this returns (blocking,
   * milliseconds), the rest follows; the certificates of those that left are dropped.
   */
  public void services(Set<ServiceName> present) {
    for (ServiceName service : present) {
      if (!attempts.containsKey(service)) {
        attempts.put(service, read(service).orElseGet(Attempts::none));
      }
    }
    for (ServiceName service : Set.copyOf(attempts.keySet())) {
      if (!present.contains(service)) {
        attempts.remove(service);
        valid.remove(service);
        if (owner.getAsBoolean()) {
          files.delete(file(service));
        }
        listeners.forEach(listener -> listener.accept(service));
      }
    }
    ticks.now();
  }

  /** The services of which something is on disk. Blocking. */
  public Set<ServiceName> kept() {
    return files.names().stream()
        .map(FILE::matcher)
        .filter(Matcher::matches)
        .map(file -> new ServiceName(file.group("namespace"), file.group("service")))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The service's certificate; the same object until it is renewed, empty once it has expired. */
  public Optional<Svid> svid(ServiceName service) {
    return Optional.ofNullable(valid.get(service));
  }

  /** Calls back, on an event loop, whenever a service's certificate came, changed or went. */
  public void listen(Consumer<ServiceName> listener) {
    listeners.add(listener);
  }

  /** How each service's certificate stands, with the reason where there is none. */
  public SortedMap<ServiceName, IdentityStatus> status() {
    Instant now = host.clock().instant();
    SortedMap<ServiceName, IdentityStatus> status = new TreeMap<>();
    attempts.forEach((service, attempt) -> status.put(service, attempt.status(now)));
    return status;
  }

  private Optional<Attempts> read(ServiceName service) {
    Instant now = host.clock().instant();
    return files
        .readSvid(file(service))
        .filter(svid -> belongs(svid.id(), service))
        .filter(svid -> KeyPairs.Kind.of(svid.key()).equals(Optional.of(kind)))
        .map(
            svid -> {
              if (now.isBefore(svid.notAfter()) && !isDenied(svid)) {
                valid.put(service, svid);
              }
              return attempts(svid, now);
            });
  }

  private Attempts attempts(Svid svid, Instant now) {
    Attempts fresh = Attempts.with(svid, host.random());
    return node.roots().map(roots -> fresh.hastened(roots, now, host.random())).orElse(fresh);
  }

  private boolean isDenied(Svid svid) {
    return node.roots().flatMap(roots -> roots.denied().denies(svid.id(), svid.leaf())).isPresent();
  }

  private boolean belongs(SpiffeId id, ServiceName service) {
    return id instanceof SpiffeId.Service named
        && named.name().equals(service)
        && node.svid().map(own -> own.id().trustDomain().equals(id.trustDomain())).orElse(true);
  }

  /** What is denied now is shown to nobody any more; what is on its way out is renewed early. */
  private void rootsChanged(TrustRoots roots) {
    Instant now = host.clock().instant();
    for (ServiceName service : Set.copyOf(attempts.keySet())) {
      Attempts attempt =
          attempts.computeIfPresent(service, (_, past) -> past.hastened(roots, now, host.random()));
      if (attempt != null) {
        drop(service, attempt, roots);
      }
    }
    ticks.now();
  }

  private void drop(ServiceName service, Attempts attempt, TrustRoots roots) {
    Svid svid = attempt.current();
    if (svid == null) {
      return;
    }
    roots
        .denied()
        .denies(svid.id(), svid.leaf())
        .filter(_ -> valid.remove(service, svid))
        .ifPresent(
            why -> {
              LOG.log(System.Logger.Level.ERROR, "the certificate of " + service + " " + why);
              listeners.forEach(listener -> listener.accept(service));
            });
  }

  private static String file(ServiceName service) {
    return service.namespace() + "." + service.name() + ".pem";
  }

  private void tick() {
    Instant now = host.clock().instant();
    boolean mayWrite = owner.getAsBoolean();
    boolean joined = node.svid().isPresent();
    attempts.forEach(
        (service, attempt) -> {
          if (attempt.isExpired(now) && valid.remove(service) != null) {
            LOG.log(
                System.Logger.Level.ERROR,
                "the certificate of "
                    + service
                    + " has expired; the service has no identity until citadel answers");
            listeners.forEach(listener -> listener.accept(service));
          }
          holdAgain(service, attempt, now);
          if ((mayWrite && !joined)
              || !attempt.isDue(now)
              || underWay.size() >= AT_ONCE
              || !underWay.add(service)) {
            return;
          }
          Future<?> work = mayWrite ? renew(service) : follow(service, attempt);
          work.onComplete(_ -> underWay.remove(service));
        });
  }

  /** It was taken for expired by a clock that was wrong, and holds by the one that is right. */
  private void holdAgain(ServiceName service, Attempts attempt, Instant now) {
    Svid svid = attempt.current();
    if (svid != null
        && !valid.containsKey(service)
        && !attempt.isExpired(now)
        && !isDenied(svid)
        && valid.putIfAbsent(service, svid) == null) {
      listeners.forEach(listener -> listener.accept(service));
    }
  }

  private boolean isSettled() {
    return attempts.values().stream()
        .allMatch(attempt -> attempt.current() != null && attempt.failures() == 0);
  }

  /** Another generation renews; its result is on disk. */
  private Future<?> follow(ServiceName service, Attempts attempt) {
    return Blocking.run(context, () -> files.readSvid(file(service)))
        .onComplete(
            outcome -> {
              Svid held = attempt.current();
              Optional<Svid> found =
                  outcome.succeeded()
                      ? outcome.result().filter(svid -> belongs(svid.id(), service))
                      : Optional.empty();
              if (found.isPresent() && (held == null || !held.leaf().equals(found.get().leaf()))) {
                renewed(service, found.get());
              } else {
                attempts.computeIfPresent(
                    service,
                    (_, past) ->
                        past.failed(
                            "waits for the running agent to hand over",
                            host.clock().instant(),
                            BACKOFF,
                            host.random()));
              }
            });
  }

  private Future<?> renew(ServiceName service) {
    return Blocking.run(context, kind::generate)
        .compose(
            pair ->
                node.citadel()
                    .issue(service, Csr.of(pair))
                    .compose(issued -> Blocking.run(context, () -> keep(service, issued, pair))))
        .onSuccess(svid -> renewed(service, svid))
        .onFailure(failure -> failed(service, failure));
  }

  private Svid keep(ServiceName service, Issued issued, KeyPair pair) throws CertificateException {
    TrustRoots roots = node.roots().orElse(issued.roots());
    Svid svid = issued.proven(pair, id -> belongs(id, service), roots, host.clock().instant());
    if (attempts.containsKey(service)) {
      files.writeSvid(file(service), svid);
    }
    return svid;
  }

  private void renewed(ServiceName service, Svid svid) {
    Attempts past =
        attempts.computeIfPresent(service, (_, _) -> attempts(svid, host.clock().instant()));
    if (past == null) {
      return; // The service left meanwhile.
    }
    if (valid.put(service, svid) == null) {
      LOG.log(System.Logger.Level.INFO, "certificate: " + svid);
    }
    listeners.forEach(listener -> listener.accept(service));
  }

  private void failed(ServiceName service, Throwable failure) {
    String why = String.valueOf(failure.getMessage());
    Instant now = host.clock().instant();
    boolean mayBeAllowed =
        failure instanceof CitadelException refused
            && refused.kind() == CitadelException.Kind.NOT_ENTITLED;
    Backoff pause = mayBeAllowed ? ENTITLEMENT : BACKOFF;
    attempts.computeIfPresent(
        service,
        (_, past) -> {
          if (past.isNews(why, now)) {
            LOG.log(
                past.isLate(now) ? System.Logger.Level.ERROR : System.Logger.Level.WARNING,
                "no certificate for " + service + " yet: " + why);
            LOG.log(System.Logger.Level.DEBUG, "the cause", failure);
          }
          return CitadelException.isOutage(failure)
              ? past.unanswered(why, now, pause, host.random())
              : past.failed(why, now, pause, host.random());
        });
  }

  @Override
  public void close() {
    ticks.close();
  }
}
