package io.hostmesh.agent;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.Vantage;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.connection.Connections;
import io.hostmesh.agent.connection.OriginalDestinations;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.enduser.EndUsers;
import io.hostmesh.agent.identity.Identities;
import io.hostmesh.agent.identity.RevokedHere;
import io.hostmesh.agent.inbound.CallerAddress;
import io.hostmesh.agent.inbound.InboundCapture;
import io.hostmesh.agent.inbound.Listeners;
import io.hostmesh.agent.inbound.LiveCalls;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.inbound.MeshPort;
import io.hostmesh.agent.inbound.PlaintextCallers;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.outbound.OutboundCapture;
import io.hostmesh.agent.outbound.Protected;
import io.hostmesh.agent.outbound.Sender;
import io.hostmesh.agent.outbound.VirtualRanges;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.MeshTls;
import io.hostmesh.agent.upstream.Sockets;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.Locality;
import io.hostmesh.model.rules.BalancePolicy;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** The road of all connections through this host's agent. Any thread. */
public final class DataPath implements AutoCloseable {

  /** What the road is told from outside. */
  public record Facts(
      MeshSource mesh,
      Identities identities,
      LocalInstances instances,
      OriginalDestinations destinations,
      Callers callers,
      Listeners listeners,
      EndUsers endUsers) {}

  /**
   * Choices of the operator.
   *
   * @param node this host's name in the mesh
   * @param locality where it stands
   * @param virtual where the mesh's own addresses are
   * @param passThrough whether {@code capture.outbound = all}
   * @param callerAddress from where applications are called
   * @param resumption whether TLS sessions between agents are resumed
   */
  public record Settings(
      String node,
      Locality locality,
      BalancePolicy balance,
      VirtualRanges virtual,
      boolean passThrough,
      CallerAddress callerAddress,
      boolean resumption,
      Sockets.Settings sockets) {}

  /** The listening sockets: each accepted channel gets the handler, on the loop it stays on. */
  @FunctionalInterface
  public interface Ports {
    /**
     * @param name {@code outbound}, {@code inbound} or {@code mesh}
     * @return the listening channels
     */
    List<Channel> serve(String name, ChannelHandler connections);
  }

  /**
   * What arrives from other networks: calls to this host's services, and calls of containers, over
   * a bridge of this host, to services elsewhere. Those go to virtual addresses, which no instance
   * has.
   */
  private static final class Arriving extends ChannelInitializer<SocketChannel> {
    private final OriginalDestinations destinations;
    private final InboundCapture inbound;
    private final OutboundCapture outbound;

    Arriving(OriginalDestinations destinations, InboundCapture inbound, OutboundCapture outbound) {
      this.destinations = destinations;
      this.inbound = inbound;
      this.outbound = outbound;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
      if (destinations.of(channel).filter(outbound::isVirtual).isPresent()) {
        outbound.take(channel);
      } else {
        inbound.take(channel);
      }
    }
  }

  private final Connections connections;
  private final MeshTls tls;
  private final LiveCalls live;
  private final PlaintextCallers plaintext;
  private final Sender sender;
  private final List<Channel> listening = new ArrayList<>();
  private final Ticks ticks;

  private DataPath(
      Connections connections,
      MeshTls tls,
      LiveCalls live,
      PlaintextCallers plaintext,
      Sender sender,
      Ticks ticks) {
    this.connections = connections;
    this.tls = tls;
    this.live = live;
    this.plaintext = plaintext;
    this.sender = sender;
    this.ticks = ticks;
  }

  /** Begins to take connections. */
  public static DataPath start(
      Ports ports,
      Facts facts,
      Telemetry telemetry,
      Clock clock,
      RandomGenerator random,
      Settings settings) {
    MeshTls tls =
        new MeshTls(facts.identities(), clock, telemetry.metrics(), settings.resumption());
    RevokedHere revoked = RevokedHere.by(facts.identities(), settings.node());
    Callers callers = new UnrevokedCallers(facts.callers(), revoked);
    Sockets sockets = Sockets.epoll(settings.sockets());
    Ticks ticks = new Ticks();
    Connections connections =
        new Connections(
            loop -> {
              ticks.on(loop);
              return new Upstreams(loop, tls, sockets);
            },
            telemetry.metrics());
    Receiver receiver =
        new Receiver(
            facts.mesh(),
            facts.listeners(),
            telemetry,
            settings.callerAddress(),
            facts.endUsers(),
            revoked);
    Sender sender =
        new Sender(
            facts.mesh(),
            new Members(settings.balance(), new Vantage(settings.node(), settings.locality())),
            facts.instances(),
            receiver,
            telemetry,
            random,
            settings.node());
    receiver.callThrough(sender::open);
    DataPath path =
        new DataPath(connections, tls, receiver.live(), receiver.plaintext(), sender, ticks);
    path.listening.addAll(
        ports.serve("mesh", new MeshPort(receiver, facts.instances(), tls, connections)));
    InboundCapture inbound =
        new InboundCapture(receiver, facts.instances(), facts.destinations(), callers, connections);
    OutboundCapture outbound =
        new OutboundCapture(
            sender,
            facts.destinations(),
            callers,
            connections,
            settings.virtual(),
            settings.passThrough());
    path.listening.addAll(
        ports.serve("inbound", new Arriving(facts.destinations(), inbound, outbound)));
    path.listening.addAll(ports.serve("outbound", outbound));
    ticks.begin(sender::tick);
    return path;
  }

  /** What is to be said of services that this host calls: who is left out, which limits are met. */
  public List<Protected> protectedNow() {
    return sender.protectedNow();
  }

  /** Ends what identities have open that are revoked by the roots that hold now. */
  public void rootsChanged() {
    tls.rootsChanged();
    live.revocationsChanged();
  }

  /** The calls that were let in and are under way. */
  public LiveCalls live() {
    return live;
  }

  /** Who was let in without an identity. */
  public PlaintextCallers plaintext() {
    return plaintext;
  }

  /** How many accepted connections are open. */
  public int openConnections() {
    return connections.count();
  }

  /**
   * Takes no more connections, which another generation of the agent may do through the same
   * sockets, and lets those that are open end without breaking a request.
   *
   * @return completed when all have ended, or after the limit
   */
  public CompletableFuture<Void> drain(Duration limit) {
    CompletableFuture<?>[] closed =
        listening.stream().map(DataPath::closed).toArray(CompletableFuture[]::new);
    return CompletableFuture.allOf(closed).thenCompose(_ -> connections.drain(limit));
  }

  private static CompletableFuture<?> closed(Channel channel) {
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    channel.close().addListener(_ -> closed.complete(true));
    return closed;
  }

  /** Ends everything at once. */
  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // They end with their channels.
  public void close() {
    listening.forEach(Channel::close);
    connections.close();
    ticks.end();
  }
}
