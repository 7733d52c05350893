package io.hostmesh.agent.outbound;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.inbound.Receiver;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Promise;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A bare connection of a local service to a service of the mesh. Nothing is read from it before an
 * instance is reached, so that another can be tried. Used by its event loop only.
 */
final class OutboundTcp {
  private final SocketChannel channel;
  private final Sender sender;
  private final Outgoing call;
  private final Upstreams upstreams;
  private final Resolution resolution;
  private final long begin = System.nanoTime();
  private String instance = "-";
  private String address = "-";

  OutboundTcp(SocketChannel channel, Sender sender, Outgoing call, Upstreams upstreams) {
    this.channel = channel;
    this.sender = sender;
    this.call = call;
    this.upstreams = upstreams;
    this.resolution =
        new Resolution(sender.mesh(), sender.members(), sender.random(), call.destination().name());
  }

  void start() {
    resolution.first(upstreams.loop(), route -> route.decideConnection(sender.random()), this::go);
  }

  private void go(Resolution.Next next) {
    switch (next) {
      case Resolution.Next.None none -> {
        report(none.failure(), 0, 0);
        Resets.reset(channel);
      }
      case Resolution.Next.To to -> open(to.candidate().endpoint());
    }
  }

  private void open(Endpoint endpoint) {
    instance = endpoint.instance();
    address =
        io.hostmesh.agent.connection.Accepted.text(endpoint.mesh().orElse(endpoint.application()));
    switch (sender.way(endpoint, call, MeshProtocol.TCP)) {
      case Sender.Way.Mesh way -> upstreams.connect(way.target(), wire());
      case Sender.Way.Plain way -> upstreams.dial(way.application(), wire());
      case Sender.Way.SameHost way -> {
        Promise<Receiver.Accepted> accepted = upstreams.loop().newPromise();
        accepted.addListener(
            done -> {
              if (done.isSuccess()) {
                join(accepted.getNow().application(), accepted.getNow().ended());
              } else {
                failed(done.cause());
              }
            });
        sender.receiver().tcp(way.origin(), way.instance(), upstreams, accepted);
      }
    }
  }

  private Promise<Channel> wire() {
    Promise<Channel> opened = upstreams.loop().newPromise();
    opened.addListener(
        done -> {
          if (done.isSuccess()) {
            join(opened.getNow(), (_, _, _) -> {});
          } else {
            failed(done.cause());
          }
        });
    return opened;
  }

  private void failed(Throwable cause) {
    Failure why = UpstreamException.of(cause, call.destination().name().toString());
    // Only where the instance could not be reached may another one do better.
    go(
        why.kind() == Failure.Kind.CONNECT_FAILED
            ? resolution.after(why)
            : new Resolution.Next.None(why));
  }

  private void join(Channel upstream, Relay.Ended alsoEnded) {
    resolution.reached();
    sender.telemetry().metrics().connectionOpened(metered());
    Relay.join(
        channel,
        upstream,
        (failure, request, response) -> {
          alsoEnded.ended(failure, request, response);
          report(failure, request, response);
        });
  }

  private Call metered() {
    return new Call(
        Call.Reporter.SOURCE, Optional.of(call.source()), call.destination(), "tcp", true);
  }

  private void report(@Nullable Failure failure, long request, long response) {
    resolution.release();
    sender
        .telemetry()
        .connection(
            metered(),
            new Outcome(
                0, Optional.ofNullable(failure), request, response, System.nanoTime() - begin),
            Telemetry.Details.connection(instance, address, resolution.rule()));
  }
}
