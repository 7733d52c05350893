package io.hostmesh.agent;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.inbound.CallerAddress;
import io.hostmesh.agent.inbound.Listeners;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.outbound.VirtualRanges;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.hostmesh.agent.upstream.Sockets;
import io.hostmesh.model.AddressRange;
import io.hostmesh.model.Locality;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.runtime.loops.EpollLoops;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Two agents in this process, on loopback: a port of an agent's outbound side stands for each
 * service's virtual address, since nothing is redirected here.
 */
final class TestMesh implements AutoCloseable {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  final TestAuthority authority = new TestAuthority("test.local");
  final FakeMesh mesh = new FakeMesh();
  final EventLoopGroup loops;
  final Agent h1;
  final Agent h2;

  /** One host's agent. */
  final class Agent implements LocalInstances, Identities {
    final String node;
    final Map<String, LocalInstance> instances = new ConcurrentHashMap<>();
    final Map<ServiceName, Svid> svids = new ConcurrentHashMap<>();
    final Map<Integer, InetSocketAddress> redirected = new ConcurrentHashMap<>();
    final List<Channel> ports = new CopyOnWriteArrayList<>();
    final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    final Map<String, List<Channel>> accepted = new ConcurrentHashMap<>();
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final Metrics metrics = new Metrics(registry);
    volatile TrustRoots roots = authority.roots();
    volatile Map<String, TrustRoots> foreignRoots = Map.of();
    final EndUsers endUsers = new EndUsers(Clock.systemUTC(), Optional.empty());
    volatile Caller caller = new Caller.Service(ServiceName.of("web"));
    volatile Optional<String> listenerRefusal = Optional.empty();

    /** How long a helper takes that is asked for processes; 0 where the kernel's word is enough. */
    volatile int helperMillis;

    volatile DataPath path;
    private final Map<String, ChannelHandler> handlers = new ConcurrentHashMap<>();

    Agent(String node) {
      this.node = node;
      this.path = start();
      bind("mesh");
    }

    private DataPath start() {
      return DataPath.start(
          this::serve,
          new DataPath.Facts(
              mesh,
              this,
              this,
              accepted ->
                  Optional.ofNullable(
                      redirected.get(((InetSocketAddress) accepted.localAddress()).getPort())),
              new AskedCallers(),
              new AskedListeners(),
              endUsers),
          new Telemetry(metrics, log::add, Clock.systemUTC()),
          Clock.systemUTC(),
          RandomGenerator.getDefault(),
          new DataPath.Settings(
              node,
              Locality.NONE,
              BalancePolicy.LEAST_REQUEST,
              new VirtualRanges(
                  List.of(AddressRange.parse("240.0.0.0/4"), AddressRange.parse("fd00::/8"))),
              false,
              CallerAddress.HIDDEN,
              true,
              Sockets.Settings.DEFAULT));
    }

    private final class AskedCallers implements Callers {
      @Override
      public Caller attest(Channel accepted, InetSocketAddress destination) {
        return caller;
      }

      @Override
      public void attest(Channel accepted, InetSocketAddress destination, Consumer<Caller> then) {
        answer(accepted.eventLoop(), () -> then.accept(caller));
      }
    }

    private final class AskedListeners implements Listeners {
      @Override
      public Optional<String> refusal(
          LocalInstance instance, InetSocketAddress local, InetSocketAddress remote) {
        return listenerRefusal;
      }

      @Override
      public void judge(
          LocalInstance instance,
          InetSocketAddress local,
          InetSocketAddress remote,
          EventLoop loop,
          Consumer<Optional<String>> then) {
        answer(loop, () -> then.accept(listenerRefusal));
      }
    }

    private void answer(EventLoop loop, Runnable answer) {
      if (helperMillis == 0) {
        answer.run();
      } else {
        var _ = loop.schedule(answer, helperMillis, TimeUnit.MILLISECONDS);
      }
    }

    /** Another generation takes over the ports; returns the one before. */
    DataPath replace() {
      DataPath before = path;
      path = start();
      return before;
    }

    private List<Channel> serve(String name, ChannelHandler handler) {
      handlers.put(name, handler);
      return List.of(); // The ports are not the agent's: they stay when it goes.
    }

    private Channel bind(String name) {
      Channel channel =
          new ServerBootstrap()
              .group(loops)
              .channel(EpollServerSocketChannel.class)
              .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childHandler(
                  new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                      Agent.this
                          .accepted
                          .computeIfAbsent(name, _ -> new CopyOnWriteArrayList<>())
                          .add(accepted);
                      accepted.pipeline().addLast(Objects.requireNonNull(handlers.get(name)));
                    }
                  })
              .bind(new InetSocketAddress(LOOPBACK, 0))
              .syncUninterruptibly()
              .channel();
      ports.add(channel);
      return channel;
    }

    /** Where a service is called on this host, as if redirected. */
    InetSocketAddress to(String service) {
      Channel channel = bind("outbound");
      InetSocketAddress address = (InetSocketAddress) channel.localAddress();
      redirected.put(address.getPort(), virtual(service));
      return address;
    }

    /** A port of a service's instance on this host, as if redirected. */
    InetSocketAddress captured(String instance) {
      Channel channel = bind("inbound");
      InetSocketAddress address = (InetSocketAddress) channel.localAddress();
      redirected.put(
          address.getPort(), Objects.requireNonNull(instances.get(instance)).application());
      return address;
    }

    /** Where a container of this host calls a service, as if redirected from a bridge. */
    InetSocketAddress bridged(String service) {
      Channel channel = bind("inbound");
      InetSocketAddress address = (InetSocketAddress) channel.localAddress();
      redirected.put(address.getPort(), virtual(service));
      return address;
    }

    InetSocketAddress direct() {
      return (InetSocketAddress) bind("outbound").localAddress();
    }

    InetSocketAddress meshAddress() {
      return (InetSocketAddress) ports.getFirst().localAddress();
    }

    /**
     * A TLS connection to an instance of this host, as another agent would make it in a service's
     * name.
     */
    SSLSocket asAgent(Svid own, String instance) throws IOException, GeneralSecurityException {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys(own), trust(authority.roots()), null);
      InetSocketAddress address = meshAddress();
      SSLSocket socket =
          (SSLSocket)
              context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
      SSLParameters parameters = socket.getSSLParameters();
      ServiceName service = Objects.requireNonNull(instances.get(instance)).service();
      MeshSni name = new MeshSni(instance, service, "dc1", "test.local");
      parameters.setServerNames(List.of(new SNIHostName(name.host())));
      parameters.setApplicationProtocols(new String[] {MeshProtocol.HTTP.alpn()});
      socket.setSSLParameters(parameters);
      return socket;
    }

    private static KeyManager[] keys(Svid own) throws IOException, GeneralSecurityException {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry("own", own.key(), new char[0], own.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(keys, new char[0]);
      return factory.getKeyManagers();
    }

    private static TrustManager[] trust(TrustRoots roots)
        throws IOException, GeneralSecurityException {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      for (X509Certificate root : roots.roots()) {
        trusted.setCertificateEntry("root" + trusted.size(), root);
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(trusted);
      return factory.getTrustManagers();
    }

    @Override
    public Map<String, String> meta(ServiceName service) {
      return Map.of();
    }

    @Override
    public Optional<LocalInstance> byInstance(ServiceName service, String id) {
      return Optional.ofNullable(instances.get(id)).filter(i -> i.service().equals(service));
    }

    @Override
    public Optional<LocalInstance> byDestination(InetSocketAddress destination) {
      return instances.values().stream()
          .filter(i -> i.application().getPort() == destination.getPort())
          .findFirst();
    }

    @Override
    public Optional<Svid> svid(ServiceName service) {
      return Optional.ofNullable(svids.get(service));
    }

    @Override
    public Optional<TrustRoots> roots() {
      return Optional.of(roots);
    }

    @Override
    public Map<String, TrustRoots> foreignRoots() {
      return foreignRoots;
    }
  }

  TestMesh() {
    this(2);
  }

  TestMesh(int loops) {
    this.loops = new MultiThreadIoEventLoopGroup(loops, new EpollLoops());
    h1 = new Agent("h1");
    h2 = new Agent("h2");
    h1.svids.put(ServiceName.of("web"), authority.issue(id("web")));
    h2.svids.put(ServiceName.of("web"), authority.issue(id("web")));
  }

  static SpiffeId.Service id(String service) {
    return SpiffeId.Service.of("test.local", "dc1", ServiceName.of(service));
  }

  static InetSocketAddress virtual(String service) {
    try {
      byte[] hash = {(byte) 241, 0, 0, (byte) (service.hashCode() & 0x7f)};
      return new InetSocketAddress(InetAddress.getByAddress(hash), 80);
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Services of both versions of HTTP on both hosts: {@code far} and {@code near}, which take
   * HTTP/1.1, {@code far2} and {@code near2}, which take HTTP/2.
   */
  void services(int http1, int http2) {
    service(h2, "far", "f1", Protocol.HTTP, http1, "v1");
    service(h1, "near", "n1", Protocol.HTTP, http1, "v1");
    service(h2, "far2", "f2", Protocol.HTTP2, http2, "v1");
    service(h1, "near2", "n2", Protocol.HTTP2, http2, "v1");
  }

  /** Lets a rule hold a service's requests; the rest of it is what comes behind its service. */
  void route(String service, String rest) {
    mesh.routes.put(
        ServiceName.of(service),
        RouteTable.compile(
            (RouteRule)
                RuleParser.parse("test", "kind = route, service = " + service + "\n" + rest)));
  }

  /** Lets a rule say how calls to a service are shared, by what comes behind its service. */
  void upstream(String service, String rest) {
    mesh.upstreams.put(
        ServiceName.of(service),
        ((UpstreamRule)
                RuleParser.parse("test", "kind = upstream, service = " + service + "\n" + rest))
            .upstream());
  }

  /** Lets an instance pass or fail its checks. */
  void healthy(String service, String instance, boolean passes) {
    mesh.endpoints.computeIfPresent(
        ServiceName.of(service),
        (_, all) ->
            all.stream()
                .map(
                    each ->
                        each.instance().equals(instance)
                            ? new Endpoint(
                                each.service(),
                                instance,
                                each.node(),
                                each.application(),
                                each.mesh(),
                                passes,
                                each.meta())
                            : each)
                .toList());
  }

  /** Declares a service on a host. */
  void service(
      Agent agent, String service, String instance, Protocol protocol, int port, String version) {
    ServiceName name = ServiceName.of(service);
    mesh.directory.put(name, new DirectoryEntry(name, "dc1", protocol, List.of(), List.of()));
    mesh.destinations.put(virtual(service), name);
    agent.svids.computeIfAbsent(name, _ -> authority.issue(id(service)));
    InetSocketAddress application = new InetSocketAddress(LOOPBACK, port);
    agent.instances.put(instance, new LocalInstance(name, instance, protocol, application));
    List<Endpoint> all = new ArrayList<>(mesh.endpoints.getOrDefault(name, List.of()));
    all.add(
        new Endpoint(
            name,
            instance,
            agent.node,
            application,
            Optional.of(agent.meshAddress()),
            true,
            Map.of("version", version)));
    mesh.endpoints.put(name, List.copyOf(all));
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // The loops end behind them.
  public void close() {
    for (Agent agent : List.of(h1, h2)) {
      agent.ports.forEach(Channel::close);
      agent.path.close();
      agent.endUsers.close();
    }
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
