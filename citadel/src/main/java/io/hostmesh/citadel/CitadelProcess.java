package io.hostmesh.citadel;

import io.hostmesh.api.v1.CitadelReport;
import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.JwtAuthority;
import io.hostmesh.api.v1.JwtKeysRecord;
import io.hostmesh.api.v1.LedgerHead;
import io.hostmesh.api.v1.NodeRecord;
import io.hostmesh.api.v1.RevocationList;
import io.hostmesh.citadel.attest.Alarms;
import io.hostmesh.citadel.attest.Joining;
import io.hostmesh.citadel.attest.NodeAttestor;
import io.hostmesh.citadel.attest.Nodes;
import io.hostmesh.citadel.attest.Tokens;
import io.hostmesh.citadel.attest.X509Pop;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.AuthorityFiles;
import io.hostmesh.citadel.authority.Passphrase;
import io.hostmesh.citadel.bundle.BundleFeed;
import io.hostmesh.citadel.bundle.Holders;
import io.hostmesh.citadel.federation.BundleEndpoint;
import io.hostmesh.citadel.federation.Federation;
import io.hostmesh.citadel.federation.OwnBundle;
import io.hostmesh.citadel.issue.Desk;
import io.hostmesh.citadel.issue.Entitlements;
import io.hostmesh.citadel.issue.Issuer;
import io.hostmesh.citadel.issue.JwtIssuer;
import io.hostmesh.citadel.jwt.JwtKeys;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.citadel.ledger.LedgerHeads;
import io.hostmesh.citadel.records.RecordKind;
import io.hostmesh.citadel.records.SignedRecords;
import io.hostmesh.citadel.revoke.Revocations;
import io.hostmesh.citadel.rotate.Citadels;
import io.hostmesh.citadel.rotate.RootStatements;
import io.hostmesh.citadel.rotate.Rotation;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.Registry;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminServer;
import io.hostmesh.runtime.admin.AuditLog;
import io.hostmesh.runtime.admin.AuditRoute;
import io.hostmesh.runtime.admin.RemoteDoor;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.metrics.Metrics;
import io.hostmesh.runtime.metrics.MetricsServer;
import io.hostmesh.runtime.metrics.Readiness;
import io.hostmesh.runtime.state.OwnerLock;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * A running citadel: its parts, made in the order in which they need each other, and ended in the
 * reverse one.
 */
final class CitadelProcess implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CitadelProcess.class.getName());
  private static final long RENEWAL_LOOK_MS = 1_000;
  private static final long BUNDLE_REPEAT_MS = 30_000;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final HostPort listening;
  private final Federation federation;
  private final OwnBundle ownBundle;
  private final Desk desk;
  private final Optional<HostPort> remoteAdmin;

  /**
   * Starts. Blocks for about a second.
   *
   * @throws UserError where a person must mend something first
   */
  static CitadelProcess start(CitadelConfig config, Host host) throws Exception {
    Registry registry = Registry.connect(config.registry(), host.random());
    return start(config, host, registry.keyValue(), registry);
  }

  /**
   * @param registry closed with the process
   */
  static CitadelProcess start(
      CitadelConfig config, Host host, KeyValue keyValue, AutoCloseable registry) throws Exception {
    Deque<AutoCloseable> opened = new ArrayDeque<>(List.of(registry));
    try {
      return new CitadelProcess(config, host, keyValue, opened);
    } catch (Exception | Error e) {
      close(opened);
      throw e;
    }
  }

  private CitadelProcess(
      CitadelConfig config, Host host, KeyValue keyValue, Deque<AutoCloseable> opened)
      throws Exception {
    SecureRandom random = new SecureRandom();
    StateFiles state = stateFiles(config.stateDir());
    opened.push(
        OwnerLock.tryAcquire(state.path("lock"))
            .orElseThrow(
                () ->
                    new UserError(
                        config.stateDir() + ": another citadel runs with this state-dir")));
    Passphrase passphrase =
        Passphrase.read(config.passphraseFile(), config.createPassphrase(), random);
    Authority authority =
        Authority.open(
            config.trustDomain(),
            config.lifetimes(),
            config.ca(),
            host.vertx(),
            new AuthorityFiles(state, passphrase, random),
            host.clock(),
            random);
    Map<String, String> usedTokens = new HashMap<>();
    Alarms alarms = new Alarms(host.clock());
    IssuedBook issued = new IssuedBook(host.clock());
    NewestEntry newest = new NewestEntry();
    Ledger ledger =
        Ledger.open(
            state.path("ledger.jsonl"),
            config.ledger(),
            host.clock(),
            entry -> {
              usedToken(entry, usedTokens);
              alarms.read(entry);
              issued.read(entry);
              newest.read(entry);
            });
    opened.push(ledger);
    newest.check(authority.state().sequence(), host.clock().instant(), config.stateDir());

    SignedRecords<Entitlement> entitlementRecords =
        records(RecordKind.ENTITLEMENTS, authority, keyValue, config, host);
    opened.push(entitlementRecords);
    SignedRecords<NodeRecord> nodeRecords =
        records(RecordKind.NODES, authority, keyValue, config, host);
    opened.push(nodeRecords);
    SignedRecords<JwtKeysRecord> jwtKeyRecords =
        records(RecordKind.JWT_KEYS, authority, keyValue, config, host);
    opened.push(jwtKeyRecords);
    JwtKeys jwtKeys =
        new JwtKeys(config.trustDomain(), name(state, random), jwtKeyRecords, host.clock());
    SignedRecords<RevocationList> revocationRecords =
        records(RecordKind.REVOCATIONS, authority, keyValue, config, host);
    opened.push(revocationRecords);
    SignedRecords<CitadelReport> citadelRecords =
        records(RecordKind.CITADELS, authority, keyValue, config, host);
    opened.push(citadelRecords);
    SignedRecords<LedgerHead> ledgerRecords =
        records(RecordKind.LEDGERS, authority, keyValue, config, host);
    opened.push(ledgerRecords);
    LedgerHeads heads =
        new LedgerHeads(
            name(state, random), config.trustDomain(), ledger, ledgerRecords, host.clock());
    Entitlements entitlements = new Entitlements(entitlementRecords, authority, host.clock());
    Nodes nodes = new Nodes(nodeRecords, authority, host.clock());
    Revocations revocations =
        new Revocations(
            revocationRecords, authority, issued, config.lifetimes(), host.clock(), random);
    Tokens tokens = new Tokens(authority, keyValue, usedTokens, host.clock(), random);
    Metrics metrics = new Metrics("citadel", host.version());
    Alarms.register(metrics.registry());
    Joining joining =
        new Joining(
            config.trustDomain(),
            tokens,
            nodes,
            config.x509pop().stream()
                .<NodeAttestor>map(settings -> new X509Pop(settings, host.clock()))
                .toList(),
            alarms,
            ledger,
            metrics.registry(),
            host.clock(),
            random,
            node -> revocations.check(node, Optional.empty()));
    Issuer issuer = new Issuer(authority, ledger, issued, host.clock());
    Desk desk =
        new Desk(
            config.trustDomain(),
            config.registry().datacenter(),
            config.lifetimes(),
            joining,
            nodes,
            entitlements,
            revocations,
            issuer,
            new JwtIssuer(jwtKeys, ledger),
            host.clock());
    AtomicReference<Runnable> told = new AtomicReference<>(() -> {});
    Federation federation =
        new Federation(
            host.vertx(),
            config.federation().domains().values(),
            new StateFiles(config.stateDir().resolve("federation")),
            host.clock(),
            host.random(),
            () -> told.get().run());
    BundleFeed bundle = new BundleFeed(authority::roots, jwtKeys::authorities, federation::bundles);
    told.set(bundle::repeat);
    jwtKeyRecords.onChange(bundle::repeat);
    authority.onChange(bundle::repeat);
    Holders holders = new Holders();
    Citadels citadels =
        new Citadels(name(state, random), authority, citadelRecords, issued, holders, host.clock());
    RootStatements statements = new RootStatements(authority, keyValue);
    opened.push(statements);
    Rotation rotation =
        new Rotation(
            authority,
            statements,
            nodes,
            tokens,
            issued,
            holders,
            citadels,
            List.of(
                entitlementRecords, nodeRecords, revocationRecords, jwtKeyRecords, ledgerRecords));
    // The roots first: what stands below another one is believed with them.
    statements.watch();
    List.of(
            entitlementRecords,
            nodeRecords,
            revocationRecords,
            jwtKeyRecords,
            citadelRecords,
            ledgerRecords)
        .forEach(SignedRecords::watch);

    Offload offload = new Offload(host.vertx());
    opened.push(offload);
    CitadelMeters.register(metrics.registry(), ledger, entitlementRecords, nodeRecords, bundle);
    Readiness readiness = new Readiness();
    readiness.require("registry", entitlementRecords::registryProblem);
    readiness.require(
        "intermediate", () -> authority.isReady() ? Optional.empty() : authority.problem());

    CitadelAdmin admin =
        new CitadelAdmin(
            config,
            host.clock(),
            authority,
            tokens,
            nodes,
            entitlements,
            alarms,
            new OperatorDesk(authority, issuer),
            ledger,
            readiness,
            offload,
            new CaAdmin(
                config.ca().source(),
                authority,
                rotation,
                statements,
                citadels,
                holders,
                issued,
                revocations,
                ledger),
            federation);
    HttpServer server =
        new CitadelServer(
                host.vertx(),
                authority,
                desk,
                bundle,
                holders,
                offload,
                metrics.registry(),
                host.clock())
            .listen(config.listen())
            .await();
    opened.push(() -> server.close().await());
    HttpServer metricsServer =
        MetricsServer.listen(host.vertx(), config.metricsListen(), metrics, readiness).await();
    opened.push(() -> metricsServer.close().await());
    AuditLog audit =
        new AuditLog(state.path(AuditLog.FILE), "citadel", config.admin().audit(), host.clock());
    AdminServer door = new AdminServer(host.vertx(), config.admin().access(), audit);
    admin.addTo(door);
    AuditRoute.addTo(door, host.vertx(), audit);
    new LedgerAdmin(ledger, heads, offload).addTo(door);
    HttpServer adminServer = door.listen(config.admin().socket()).await();
    opened.push(() -> adminServer.close().await());
    if (config.admin().listen().isPresent()) {
      RemoteDoor remote =
          new RemoteDoor(
              new SvidKeyManager(authority::shown),
              authority::roots,
              (_, _) -> false,
              host.clock());
      HttpServer remoteServer = door.listen(config.admin().listen().get(), remote).await();
      opened.push(() -> remoteServer.close().await());
      this.remoteAdmin =
          Optional.of(
              new HostPort(config.admin().listen().get().host(), remoteServer.actualPort()));
    } else {
      this.remoteAdmin = Optional.empty();
    }
    Tending tending =
        new Tending(
            authority,
            revocations,
            citadels,
            issued,
            heads,
            List.of(
                entitlementRecords, nodeRecords, revocationRecords, jwtKeyRecords, ledgerRecords));
    repeat(host, opened, RENEWAL_LOOK_MS, () -> tending.look(offload));
    repeat(host, opened, BUNDLE_REPEAT_MS, bundle::repeat);
    repeat(host, opened, RENEWAL_LOOK_MS, () -> look(jwtKeys, offload));
    repeat(host, opened, RENEWAL_LOOK_MS, federation::look);
    this.federation = federation;
    this.ownBundle =
        new OwnBundle(
            () -> ownBundle(authority, jwtKeys),
            config.federation().refresh(),
            state,
            host.clock());
    if (config.federation().listen().isPresent()) {
      HttpServer endpoint =
          BundleEndpoint.listen(
                  host.vertx(),
                  config.federation().listen().get(),
                  config.federation(),
                  authority::shown,
                  ownBundle::document)
              .await();
      opened.push(() -> endpoint.close().await());
    }

    this.desk = desk;
    this.listening = new HostPort(config.listen().host(), server.actualPort());
    this.open.addAll(opened);
    LOG.log(
        System.Logger.Level.INFO,
        "the authority of " + config.trustDomain() + " answers on " + listening);
  }

  private static DomainBundle ownBundle(Authority authority, JwtKeys keys) {
    List<io.hostmesh.runtime.jwt.JwtAuthority> authorities = new ArrayList<>();
    for (JwtAuthority key : keys.authorities()) {
      try {
        authorities.add(io.hostmesh.runtime.jwt.JwtAuthority.of(key));
      } catch (GeneralSecurityException e) {
        LOG.log(System.Logger.Level.WARNING, "a key of JWT-SVIDs cannot be read", e);
      }
    }
    return new DomainBundle(authority.trustDomain(), authority.roots().roots(), authorities, 0);
  }

  /** This trust domain's own bundle document. */
  OwnBundle ownBundle() {
    return ownBundle;
  }

  /** Other trust domains. */
  Federation federation() {
    return federation;
  }

  /** Where it really listens, also where port 0 was asked for. */
  HostPort listening() {
    return listening;
  }

  /** What decides on requests, for those that no client of ours would send. */
  Desk desk() {
    return desk;
  }

  /** Where operators of other hosts ask. */
  Optional<HostPort> remoteAdmin() {
    return remoteAdmin;
  }

  private static StateFiles stateFiles(Path directory) {
    try {
      StateFiles files = new StateFiles(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      return files;
    } catch (IOException e) {
      throw new UserError(
          directory + ": cannot be used as state-dir: " + e + "; check its owner and mode", e);
    }
  }

  private static <T extends com.google.protobuf.Message> SignedRecords<T> records(
      RecordKind<T> kind, Authority authority, KeyValue keyValue, CitadelConfig config, Host host)
      throws IOException {
    Path directory = config.stateDir().resolve(kind.prefix().replaceAll(".*/(?=[^/]+/$)|/$", ""));
    StateFiles files = new StateFiles(directory);
    try (Stream<Path> names = Files.list(directory)) {
      List<String> kept =
          names
              .map(path -> String.valueOf(path.getFileName()))
              .filter(name -> !name.startsWith("."))
              .toList();
      return new SignedRecords<>(kind, authority, keyValue, files, kept, host.clock());
    }
  }

  /** What the ledger says of tokens, so that a rolled-back record in KV is no way round. */
  private static void usedToken(JsonObject entry, Map<String, String> used) {
    String asker = entry.getString("asker", "");
    if (entry.getString("event", "").equals("join") && asker.startsWith("token ")) {
      used.put(asker.substring("token ".length()), entry.getString("key", ""));
    }
  }

  /** This citadel's name among several: made once, kept. */
  private static String name(StateFiles state, SecureRandom random) throws IOException {
    Optional<byte[]> kept = state.read("name");
    if (kept.isPresent()) {
      return new String(kept.get(), StandardCharsets.US_ASCII).strip();
    }
    byte[] bytes = new byte[4];
    random.nextBytes(bytes);
    String name = "c" + HexFormat.of().formatHex(bytes);
    state.write("name", (name + "\n").getBytes(StandardCharsets.US_ASCII));
    return name;
  }

  private static void look(JwtKeys keys, Offload offload) {
    offload
        .call(
            () -> {
              keys.look();
              return true;
            })
        .onFailure(
            failure ->
                LOG.log(
                    System.Logger.Level.DEBUG,
                    "no new key for JWT-SVIDs: {0}",
                    failure.toString()));
  }

  private static void repeat(Host host, Deque<AutoCloseable> opened, long millis, Runnable action) {
    long timer = host.vertx().setPeriodic(millis, _ -> action.run());
    opened.push(() -> host.vertx().cancelTimer(timer));
  }

  @Override
  public void close() {
    close(open);
  }

  private static void close(Deque<AutoCloseable> opened) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "a part did not end cleanly", e);
      }
    }
  }
}
