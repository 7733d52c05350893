package io.hostmesh.agent.inbound;

import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.connection.Connections;
import io.hostmesh.agent.connection.OriginalDestinations;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.protocol.Detection;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.OnDemand;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.protocol.SocketBytes;
import io.hostmesh.agent.protocol.SpokenVersion;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Port 15006: connections that went to a service's port itself, from this host or outside. */
public final class InboundCapture extends ChannelInitializer<SocketChannel> {
  private final Receiver receiver;
  private final LocalInstances instances;
  private final OriginalDestinations destinations;
  private final Callers callers;
  private final Connections connections;

  public InboundCapture(
      Receiver receiver,
      LocalInstances instances,
      OriginalDestinations destinations,
      Callers callers,
      Connections connections) {
    this.receiver = receiver;
    this.instances = instances;
    this.destinations = destinations;
    this.callers = callers;
    this.connections = connections;
  }

  @Override
  protected void initChannel(SocketChannel channel) {
    take(channel);
  }

  /** The road of such a connection: where to, who, then what it speaks. */
  public void take(SocketChannel channel) {
    channel.pipeline().addLast(new OnDemand());
    Upstreams upstreams = connections.accepted(channel);
    Optional<InetSocketAddress> destination = destinations.of(channel);
    if (destination.isEmpty()) {
      refuse(
          channel, Failure.Kind.PLAINTEXT_REFUSED, "this port only takes redirected connections");
      return;
    }
    Optional<LocalInstance> instance = instances.byDestination(destination.get());
    if (instance.isEmpty()) {
      refuse(
          channel,
          Failure.Kind.NO_ROUTE,
          "no service of this host is declared at " + Accepted.text(destination.get()));
      return;
    }
    // Before anything is read: a caller that is gone has left the kernel's tables.
    callers.attest(
        channel,
        destination.get(),
        caller -> attested(channel, origin(channel, caller), instance.get(), upstreams));
  }

  private void attested(
      SocketChannel channel, Origin origin, LocalInstance instance, Upstreams upstreams) {
    switch (instance.protocol()) {
      case HTTP, HTTP2, GRPC -> {
        connections.readRequests(channel, receiver.http(origin, instance, upstreams));
        OnDemand.of(channel).read();
      }
      case TCP -> tcp(channel, origin, instance, upstreams);
      case AUTO -> detect(channel, origin, instance, upstreams);
    }
  }

  private Origin origin(SocketChannel channel, Caller caller) {
    String address = channel.remoteAddress().getAddress().getHostAddress();
    return switch (caller) {
      case Caller.Service known ->
          new Origin(
              Origin.Arrival.CAPTURED,
              receiver.mesh().view().settings().map(settings -> id(settings, known)),
              address,
              known.service().toString());
      case Caller.Unknown unknown ->
          new Origin(Origin.Arrival.CAPTURED, Optional.empty(), address, unknown.process());
      case Caller.Remote(Optional<String> doubt) ->
          new Origin(
              Origin.Arrival.CAPTURED,
              Optional.empty(),
              address,
              "the caller at "
                  + address
                  + ", which did not come through the mesh"
                  + doubt.map(text -> " (" + text + ")").orElse("")
                  + ",");
    };
  }

  private static SpiffeId.Service id(MeshSettings settings, Caller.Service known) {
    return SpiffeId.Service.of(settings.trustDomain(), settings.datacenter(), known.service());
  }

  private void detect(
      SocketChannel channel, Origin origin, LocalInstance instance, Upstreams upstreams) {
    HttpService requests = receiver.http(origin, instance, upstreams);
    channel
        .pipeline()
        .addLast(
            "detection",
            new Detection(
                new Detection.Road() {
                  @Override
                  public void http(boolean http2) {
                    connections.readRequests(channel, new AsSpoken(requests, http2));
                  }

                  @Override
                  public void bytes() {
                    tcp(channel, origin, instance, upstreams);
                  }
                }));
  }

  /** Requests that reach the application in the version of HTTP that the caller speaks. */
  private record AsSpoken(HttpService requests, boolean http2) implements HttpService {
    @Override
    public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
      SpokenVersion.tell(head.headers(), http2);
      return requests.exchange(caller, head);
    }

    @Override
    public void refused(Failure failure) {
      requests.refused(failure);
    }
  }

  private void tcp(
      SocketChannel channel, Origin origin, LocalInstance instance, Upstreams upstreams) {
    Promise<Receiver.Accepted> accepted = upstreams.loop().newPromise();
    accepted.addListener(
        done -> {
          if (done.isSuccess()) {
            accepted.getNow().join(new SocketBytes(channel), _ -> {});
          } else {
            Resets.reset(channel);
          }
        });
    receiver.tcp(origin, instance, upstreams, accepted);
  }

  private void refuse(Channel channel, Failure.Kind kind, String sentence) {
    InetSocketAddress peer = (InetSocketAddress) channel.remoteAddress();
    receiver.telemetry().refused("inbound", Accepted.text(peer), new Failure(kind, sentence));
    Resets.reset(channel);
  }
}
