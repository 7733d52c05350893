package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.protocol.SocketBytes;
import io.hostmesh.agent.telemetry.ConnectionMeters;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.routing.RouteTable;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Promise;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A bare connection of a local service to a service of the mesh. Nothing is read from it before an
 * instance is reached, so that another can be tried. Used by its event loop only.
 */
final class OutboundTcp implements Resolution.Asker, Asked {
  private final SocketChannel channel;
  private final Sender sender;
  private final Outgoing call;
  private final Upstreams upstreams;
  private final ConnectionMeters meters;
  private final Resolution resolution;
  private final long begin = System.nanoTime();
  private @Nullable Endpoint endpoint;

  OutboundTcp(SocketChannel channel, Sender sender, Outgoing call, Upstreams upstreams) {
    this.channel = channel;
    this.sender = sender;
    this.call = call;
    this.upstreams = upstreams;
    this.meters = sender.telemetry().metrics().connections(call.pair().call());
    this.resolution = new Resolution(sender, call.pair().service(), Load.Kind.CONNECTIONS);
  }

  void start() {
    resolution.first(upstreams.loop(), this);
  }

  @Override
  public RouteTable.@Nullable Decision decide(RouteTable route) {
    return route.decideConnection(this, sender.random());
  }

  @Override
  public Outgoing call() {
    return call;
  }

  @Override
  public Sender sender() {
    return sender;
  }

  @Override
  public void found(Resolution.Next next) {
    switch (next) {
      case Resolution.Next.None none -> {
        report(new Relay.Result(none.failure(), 0, 0, ""));
        Resets.reset(channel);
      }
      case Resolution.Next.Answer _ ->
          throw new IllegalStateException("an answer to a connection without requests");
      case Resolution.Next.To to -> open(to.candidate().endpoint());
    }
  }

  /** Where it goes, which may be another service than was called. */
  private ServicePair pair() {
    return call.pair().to(resolution.service(), sender);
  }

  private void open(Endpoint to) {
    endpoint = to;
    if (!resolution.load().begin(Load.Kind.PENDING)) {
      found(new Resolution.Next.None(resolution.load().full(Load.Kind.PENDING)));
      return;
    }
    sender.checks().used(pair(), upstreams);
    switch (sender.way(to, pair())) {
      case Sender.Way.Mesh way -> upstreams.connect(way.target(), wire());
      case Sender.Way.Plain way -> upstreams.dial(way.application(), wire());
      case Sender.Way.SameHost way -> {
        Promise<Receiver.Accepted> accepted = upstreams.loop().newPromise();
        accepted.addListener(
            done -> {
              if (done.isSuccess()) {
                joining();
                accepted.getNow().join(new SocketBytes(channel), this::report);
              } else {
                failed(done.cause());
              }
            });
        sender.receiver().tcp(Sender.origin(call), way.instance(), upstreams, accepted);
      }
    }
  }

  private Promise<ByteStream> wire() {
    Promise<ByteStream> opened = upstreams.loop().newPromise();
    opened.addListener(
        done -> {
          if (done.isSuccess()) {
            joining();
            Relay.join(new SocketBytes(channel), opened.getNow(), this::report);
          } else {
            failed(done.cause());
          }
        });
    return opened;
  }

  private void failed(Throwable cause) {
    resolution.load().ended(Load.Kind.PENDING);
    Failure why = UpstreamException.of(cause, call.pair().service().toString());
    // Only where the instance could not be reached may another one do better.
    found(
        why.kind() == Failure.Kind.CONNECT_FAILED
            ? resolution.after(why)
            : new Resolution.Next.None(why));
  }

  private void joining() {
    resolution.load().ended(Load.Kind.PENDING);
    resolution.reached();
    resolution.answered(200);
    meters.opened();
  }

  private void report(Relay.Result result) {
    resolution.release();
    sender
        .telemetry()
        .connection(
            meters,
            new Outcome(
                0,
                Optional.ofNullable(result.failure()),
                result.fromCaller(),
                result.toCaller(),
                System.nanoTime() - begin),
            () -> details(result.serverName()));
  }

  private Telemetry.Details details(String serverName) {
    Endpoint to = endpoint;
    return Telemetry.Details.connection(
        to == null ? "-" : to.instance(),
        to == null ? "-" : Accepted.text(to.mesh().orElse(to.application())),
        resolution.rule(),
        serverName);
  }
}
