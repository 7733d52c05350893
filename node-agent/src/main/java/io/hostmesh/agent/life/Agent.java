package io.hostmesh.agent.life;

import io.hostmesh.agent.AgentConfig;
import io.hostmesh.agent.DataPath;
import io.hostmesh.agent.discovery.Announcement;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.MeshDiscovery;
import io.hostmesh.agent.discovery.MeshMemory;
import io.hostmesh.agent.discovery.PilotTls;
import io.hostmesh.agent.discovery.QuotaLink;
import io.hostmesh.agent.dns.DnsServer;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.identity.LocalIdentities;
import io.hostmesh.agent.inbound.CallerAddress;
import io.hostmesh.agent.inbound.PlaintextCallers;
import io.hostmesh.agent.listen.ListeningSockets;
import io.hostmesh.agent.local.ConsulRegistrar;
import io.hostmesh.agent.local.DefinitionMemory;
import io.hostmesh.agent.local.Definitions;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.local.ServiceDefinition;
import io.hostmesh.agent.outbound.Protected;
import io.hostmesh.agent.outbound.VirtualRanges;
import io.hostmesh.agent.redirect.Capture;
import io.hostmesh.agent.redirect.CaptureScope;
import io.hostmesh.agent.redirect.CaptureSettings.OnStop;
import io.hostmesh.agent.redirect.OriginalDestination;
import io.hostmesh.agent.redirect.ResolvConf;
import io.hostmesh.agent.telemetry.AccessLog;
import io.hostmesh.agent.telemetry.StreamAccessLog;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.Sockets;
import io.hostmesh.agent.workload.AttestdClient;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workloadapi.WorkloadApi;
import io.hostmesh.model.MeshHost;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.registry.Registry;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.metrics.Metrics;
import io.hostmesh.runtime.metrics.Readiness;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.systemd.ListenFds;
import io.hostmesh.runtime.systemd.Notify;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.micrometer.core.instrument.Gauge;
import io.netty.channel.Channel;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A running agent. What is on disk is read before anything listens, and everything listens before a
 * host joins, so that neither a call nor a join token is wasted on an agent that cannot start.
 */
public final class Agent implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Agent.class.getName());
  private static final long ANSWER_MILLIS = 200;

  /** The status where a join token is refused: as for a configuration that cannot be used. */
  private static final int REFUSED = 2;

  /** How long a first join may hold up the start; an unreachable citadel is waited for later. */
  private static final long JOIN_SECONDS = 5;

  private static final long SAVE_SECONDS = 3;

  /** By then the work of starting is over. */
  private static final long SETTLED_MILLIS = 10_000;

  private final AgentConfig config;
  private final Host host;
  private final IntConsumer end;
  private final Notify notify = Notify.from(System.getenv());
  private final Closing closing = new Closing();

  private final ThisHost self;
  private final Generation generation;
  private final StateLock lock;
  private final LocalIdentities identities;
  private final LocalInstances instances;
  private final HostFacts facts;
  private final MeshDiscovery discovery;
  private final QuotaLink quota;
  private final EndUsers endUsers;
  private final Registry registry;
  private final NameServers nameServers;
  private final Metrics metrics;
  private final Readiness readiness = new Readiness();
  private final AgentStatus status;
  private final Reporting reporting;
  private final AccessLog accessLog;
  private final ListeningSockets sockets;
  private final List<Channel> listening = new ArrayList<>();
  private final HostCapture capture;
  private final WorkloadApi workloadApi;
  private volatile @Nullable DataPath road;

  private volatile boolean listens;
  private volatile OnStop onStop;

  /**
   * Starts. Blocking.
   *
   * @param end ends the process with this status in an orderly way, which closes the agent
   * @throws UserError where a person must mend something first
   */
  public static Agent start(AgentConfig config, Host host, IntConsumer end) throws Exception {
    Agent agent = new Agent(config, host, end);
    try {
      agent.listen();
      agent.join();
      agent.begin();
      return agent;
    } catch (Exception | Error e) {
      agent.closing.close();
      throw e;
    }
  }

  private Agent(AgentConfig config, Host host, IntConsumer end) throws IOException {
    this.config = config;
    this.host = host;
    this.end = end;
    this.self = ThisHost.of(config.node());
    Beside<Optional<Capture>> opening = HostCapture.open(config, self.uid());
    Beside<Registry> connecting =
        Beside.begin("registry", () -> Registry.connect(config.registry(), host.random()));
    Path state = config.folders().state();
    StateFiles files = folders(state, config.folders().run());
    this.sockets =
        new ListeningSockets(
            host.vertx(), ListenFds.take(System.getenv(), ProcessHandle.current().pid()));
    // Whoever passed sockets knows whether another agent follows on them: see capture stopped.
    this.onStop =
        sockets.isPassed(ListeningSockets.OUTBOUND) ? OnStop.CLOSED : config.capture().onStop();
    this.facts =
        new HostFacts(
            CgroupTree.ofHost(),
            new AttestdClient(config.attestd()),
            !config.capture().bridges().isEmpty());
    this.generation = Generation.next(state);
    this.lock = closing.add(StateLock.take(host.vertx(), state, this::own));
    this.instances =
        closing.add(
            LocalInstances.read(
                host.vertx(),
                config.folders().services(),
                new DefinitionMemory(files, this::owns),
                reservedPorts(config),
                facts::refusal));
    this.identities =
        closing.add(
            new LocalIdentities(
                host,
                new SpiffeId.Node(config.trustDomain(), self.name()),
                config.citadel(),
                state.resolve("identity"),
                config.keys(),
                this::mayJoin));
    this.discovery = closing.add(discovery(files));
    this.quota = closing.add(new QuotaLink(host.vertx(), pilotClient(), pilots()));
    this.endUsers = closing.add(new EndUsers(host.clock(), Optional.of(files)));
    this.nameServers =
        new NameServers(
            host.vertx(), ResolvConf.DEFAULT, config.dns().upstreams(), this::captureChanged);
    this.capture =
        closing.add(
            new HostCapture(
                config,
                opening.get(),
                self.uid(),
                AgentPorts.captured(config.listen(), sockets),
                discovery,
                instances,
                nameServers,
                () -> listens,
                this::captureHasChanged));
    this.metrics = metrics();
    this.accessLog = accessLog();
    this.status =
        new AgentStatus(
            self.name(),
            self.locality(),
            host.version(),
            generation.number(),
            readiness,
            identities,
            discovery,
            instances,
            facts,
            endUsers::problems,
            capture::json,
            this::plaintext,
            this::calls);
    this.workloadApi =
        new WorkloadApi(host.vertx(), identities.applications(), facts::process, host.clock());
    this.registry = closing.add(connecting.get());
    this.reporting = new Reporting(host.vertx(), status, discovery, notify);
  }

  private static StateFiles folders(Path state, Path run) {
    try {
      Files.createDirectories(run);
      return new StateFiles(state);
    } catch (IOException e) {
      throw new UserError(
          "state-dir, run-dir: cannot make "
              + e.getMessage()
              + "; make it and give it to the"
              + " agent's user",
          e);
    }
  }

  /** The ports of an agent, by what they are. */
  public static Map<Integer, String> reservedPorts(AgentConfig config) {
    return AgentPorts.reserved(config.listen());
  }

  private boolean owns() {
    return lock.isOwner();
  }

  /** No token is used by an agent that cannot start. */
  private boolean mayJoin() {
    return owns() && listens;
  }

  /** The older generation has ended: what it would have written is this one's to write. */
  private void own() {
    var _ = discovery.save();
  }

  private MeshDiscovery discovery(StateFiles files) {
    return new MeshDiscovery(
        host.vertx(),
        pilotClient(),
        pilots(),
        Announcement.of(self.name(), host.version()),
        new MeshMemory(files, this::owns),
        host.clock(),
        host.random());
  }

  private GrpcClient pilotClient() {
    TrustRoots nobody = new TrustRoots(config.trustDomain(), List.of(), 0);
    return PilotTls.client(
        host.vertx(), this::ownSvid, () -> identities.roots().orElse(nobody), host.clock());
  }

  private List<SocketAddress> pilots() {
    return config.pilots().stream().map(Agent::socketAddress).toList();
  }

  private @Nullable Svid ownSvid() {
    return identities.node().svid().orElse(null);
  }

  private static SocketAddress socketAddress(HostPort address) {
    return SocketAddress.inetSocketAddress(address.port(), address.host());
  }

  private Metrics metrics() {
    Metrics made = new Metrics("agent", host.version());
    Gauge.builder("hostmesh_agent_generation", generation::number)
        .description("Grows with every start of the agent on this host")
        .register(made.registry());
    Gauge.builder("hostmesh_agent_pilot_connected", () -> discovery.status().connected() ? 1 : 0)
        .description("Whether a discovery stream to a pilot is open")
        .register(made.registry());
    return made;
  }

  private void listen() throws InterruptedException {
    new Needs(discovery, identities, instances).require(readiness, () -> listens, capture::problem);
    AgentPorts ports = new AgentPorts(config.listen());
    Monitoring monitoring = new Monitoring(metrics, readiness);
    for (String name : List.of(ListeningSockets.METRICS, ListeningSockets.READY)) {
      listening.addAll(sockets.serve(name, ports.addresses(name), monitoring.connections()));
    }
    DnsServer dns = new DnsServer(this::addresses, nameServers::upstreams, host.random());
    String udp = ListeningSockets.DNS_UDP;
    listening.addAll(sockets.datagrams(udp, ports.addresses(udp), dns.udp()));
    String tcp = ListeningSockets.DNS_TCP;
    listening.addAll(sockets.serve(tcp, ports.addresses(tcp), dns.tcp()));
    closing.add(this::stopListening);
    facts.declare(instances.definitions());
    identities.services(names(instances.definitions()));
    if (config.workloadApi().enabled()) {
      closing.add(
          WorkloadSocket.open(workloadApi, config.workloadApi().socket(), generation.number()));
    }
    DataPath path = closing.add(road(ports));
    road = path;
    identities.node().onRoots(_ -> path.rootsChanged());
    identities.node().onJwtAuthorities(path::rootsChanged);
    listens = true;
  }

  private DataPath road(AgentPorts ports) {
    return DataPath.start(
        (name, connections) -> sockets.serve(name, ports.addresses(name), connections),
        new DataPath.Facts(
            discovery, identities, facts, OriginalDestination::of, facts, facts, endUsers),
        new Telemetry(
            new io.hostmesh.agent.telemetry.Metrics(metrics.registry()), accessLog, host.clock()),
        host.clock(),
        host.random(),
        new DataPath.Settings(
            self.name(),
            self.locality(),
            config.balance(),
            new VirtualRanges(config.capture().virtual()),
            config.capture().outbound() == CaptureScope.ALL,
            new CallerAddress(config.capture().preserving(), config.capture().speaksIpv6()),
            config.resumption(),
            Sockets.Settings.DEFAULT));
  }

  private AccessLog accessLog() {
    if (config.accessLog().isEmpty()) {
      return AccessLog.none();
    }
    Path file = config.accessLog().get();
    try {
      return closing.add(
          new StreamAccessLog(
              Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)));
    } catch (IOException e) {
      throw new UserError(
          "access-log.file: cannot write " + file + ": " + e + "; check its folder", e);
    }
  }

  private Optional<List<InetAddress>> addresses(MeshHost name) {
    return discovery
        .view()
        .byName(name.service())
        .filter(entry -> name.datacenter().map(entry.datacenter()::equals).orElse(true))
        .map(DirectoryEntry::virtualAddresses);
  }

  /**
   * Gives a first join a moment, so that a token that cannot be used ends the start with one line.
   */
  private void join() throws InterruptedException {
    var ready = identities.node().ready().toCompletionStage().toCompletableFuture();
    try {
      var _ = ready.get(JOIN_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "this node has not joined the mesh yet; going on, and trying again: {0}",
          identities.node().problem().orElse("citadel does not answer"));
      identities.node().ready().onFailure(this::refused);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UserError refused) {
        throw refused;
      }
      throw new IllegalStateException("cannot join", e.getCause());
    }
  }

  private void refused(Throwable failure) {
    LOG.log(System.Logger.Level.ERROR, String.valueOf(failure.getMessage()));
    end.accept(REFUSED);
  }

  private static Set<ServiceName> names(Definitions definitions) {
    return definitions.services().stream().map(ServiceDefinition::name).collect(Collectors.toSet());
  }

  private void begin() throws Exception {
    capture.start();
    AdminApi admin =
        closing.add(
            new AdminApi(
                host.vertx(),
                config.folders().access(),
                config.folders().auditLog(host.clock()),
                status,
                discovery,
                instances,
                config.folders().socket(),
                this::stop));
    var _ =
        admin
            .listen(generation.number())
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    declared(instances.definitions());
    instances.onChange(this::declared);
    instances.onHealth(reporting::changed);
    identities.onChange(reporting::changed);
    discovery.onView(_ -> meshChanged());
    discovery.onView(view -> endUsers.prepare(view.keySets()));
    discovery.onView(view -> quota.show(view.leased()));
    discovery.start();
    instances.start(
        new ConsulRegistrar(
            registry, self.name(), self.address(), self.locality(), config.listen().mesh()));
    reporting.start();
    MemoryKeeper.begin(host.vertx(), SETTLED_MILLIS);
  }

  /** The services of this host are these from now on. Reads certificates from disk. */
  private void declared(Definitions definitions) {
    facts.declare(definitions);
    host.vertx()
        .executeBlocking(
            () -> {
              identities.services(names(definitions));
              return definitions;
            })
        .onSuccess(_ -> workloadApi.declared())
        .onFailure(
            failure -> LOG.log(System.Logger.Level.ERROR, "certificates of services", failure));
    Set<ServiceName> upstreams = new HashSet<>();
    definitions.services().forEach(service -> upstreams.addAll(service.upstreams()));
    discovery.host(names(definitions), upstreams);
    captureChanged();
    reporting.changed();
  }

  /** On the keeper's thread, which begins to work after all else is there. */
  private void captureHasChanged() {
    reporting.changed();
  }

  private List<PlaintextCallers.Seen> plaintext() {
    DataPath path = road;
    return path == null ? List.of() : path.plaintext().seen();
  }

  private List<Protected> calls() {
    DataPath path = road;
    return path == null ? List.of() : path.protectedNow();
  }

  private void meshChanged() {
    captureChanged();
    DataPath path = road;
    if (path != null) {
      path.live().meshChanged();
    }
  }

  private void captureChanged() {
    capture.refresh();
  }

  private void stop(Optional<OnStop> mode) {
    mode.ifPresent(chosen -> onStop = chosen);
    LOG.log(System.Logger.Level.INFO, "asked to stop");
    host.vertx().setTimer(ANSWER_MILLIS, _ -> end.accept(0)); // After the answer.
  }

  /** What came in the last moments, before the files are another generation's. */
  private void save() {
    try {
      var _ =
          discovery
              .save()
              .toCompletionStage()
              .toCompletableFuture()
              .get(SAVE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "the newest configuration was not kept", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void drain() {
    DataPath path = road;
    if (path == null) {
      return;
    }
    int open = path.openConnections();
    if (open > 0) {
      LOG.log(System.Logger.Level.INFO, "draining " + open + " connections");
    }
    try {
      var _ =
          path.drain(config.drainLimit())
              .get(config.drainLimit().toMillis() + 1_000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "connections were cut off at the end of the drain", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stopListening() {
    listens = false;
    for (Channel channel : listening) {
      channel.close().awaitUninterruptibly();
    }
  }

  /**
   * Ends in an orderly way: takes no new calls, hands the state files over, lets calls under way
   * end. Blocking, no longer than {@code drain.limit} and a little more.
   */
  @Override
  public void close() throws IOException {
    notify.stopping();
    boolean succeeded = generation.isSucceeded();
    stopListening();
    instances.close();
    capture.close();
    save();
    lock.close();
    drain();
    closing.close();
    if (config.capture().enabled() && onStop == OnStop.OPEN && !succeeded) {
      capture.remove();
      LOG.log(System.Logger.Level.INFO, "capture is off (capture.on-stop = open)");
    }
  }
}
