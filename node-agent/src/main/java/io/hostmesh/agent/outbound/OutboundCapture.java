package io.hostmesh.agent.outbound;

import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.connection.Connections;
import io.hostmesh.agent.connection.OriginalDestinations;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.protocol.Detection;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.OnDemand;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.protocol.Resets;
import io.hostmesh.agent.protocol.SocketBytes;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Function;

/** Port 15001: connections that processes of this host opened to addresses of the mesh. */
public final class OutboundCapture extends ChannelInitializer<SocketChannel> {
  private final Sender sender;
  private final OriginalDestinations destinations;
  private final Callers callers;
  private final Connections connections;
  private final VirtualRanges virtual;
  private final boolean passThrough;

  /**
   * @param passThrough whether connections to addresses that are none of the mesh are passed on
   *     untouched, as {@code capture.outbound = all} brings them
   */
  public OutboundCapture(
      Sender sender,
      OriginalDestinations destinations,
      Callers callers,
      Connections connections,
      VirtualRanges virtual,
      boolean passThrough) {
    this.sender = sender;
    this.destinations = destinations;
    this.callers = callers;
    this.connections = connections;
    this.virtual = virtual;
    this.passThrough = passThrough;
  }

  /** Whether an address is one that only calls to services go to. */
  public boolean isVirtual(InetSocketAddress destination) {
    return virtual.contains(destination.getAddress());
  }

  @Override
  protected void initChannel(SocketChannel channel) {
    take(channel);
  }

  /** The road of such a connection: where to, which service, who calls, what the service speaks. */
  public void take(SocketChannel channel) {
    channel.pipeline().addLast(new OnDemand());
    Upstreams upstreams = connections.accepted(channel);
    InetSocketAddress destination = destinations.of(channel).orElse(null);
    if (destination == null) {
      refuse(
          channel,
          new Failure(Failure.Kind.NO_ROUTE, "this port only takes redirected connections"));
      return;
    }
    // Before anything is read: a caller that is gone has left the kernel's tables.
    callers.attest(
        channel, destination, caller -> attested(channel, destination, caller, upstreams));
  }

  private void attested(
      SocketChannel channel, InetSocketAddress destination, Caller caller, Upstreams upstreams) {
    MeshView view = sender.mesh().view();
    Optional<DirectoryEntry> entry = view.byDestination(destination);
    Optional<MeshSettings> settings = view.settings();
    if (entry.isEmpty() || settings.isEmpty()) {
      unknownDestination(channel, destination, upstreams);
      return;
    }
    switch (caller) {
      case Caller.Service known ->
          forward(
              channel,
              protocol -> call(channel, settings.get(), known, entry.get(), protocol),
              entry.get(),
              upstreams);
      case Caller.Unknown unknown -> noIdentity(channel, entry.get(), unknown.process());
      case Caller.Remote(Optional<String> doubt) ->
          noIdentity(
              channel,
              entry.get(),
              "a process that could not be found on this host"
                  + doubt.map(text -> " (" + text + ")").orElse(""));
    }
  }

  private Outgoing call(
      SocketChannel channel,
      MeshSettings settings,
      Caller.Service known,
      DirectoryEntry entry,
      String protocol) {
    return new Outgoing(
        sender.pair(
            SpiffeId.Service.of(settings.trustDomain(), settings.datacenter(), known.service()),
            SpiffeId.Service.of(settings.trustDomain(), entry.datacenter(), entry.service()),
            protocol),
        channel.remoteAddress().getAddress().getHostAddress());
  }

  /**
   * @param as the call, taken for a protocol as in {@link Call}
   */
  private void forward(
      SocketChannel channel,
      Function<String, Outgoing> as,
      DirectoryEntry entry,
      Upstreams upstreams) {
    switch (entry.protocol()) {
      case HTTP ->
          http(channel, new OutboundHttp(sender, as.apply(Call.HTTP), false, false, upstreams));
      case HTTP2 ->
          http(channel, new OutboundHttp(sender, as.apply(Call.HTTP2), true, false, upstreams));
      case GRPC ->
          http(channel, new OutboundHttp(sender, as.apply(Call.GRPC), true, false, upstreams));
      case TCP -> new OutboundTcp(channel, sender, as.apply(Call.TCP), upstreams).start();
      case AUTO ->
          detect(
              channel,
              http2 ->
                  new OutboundHttp(
                      sender, as.apply(http2 ? Call.HTTP2 : Call.HTTP), http2, true, upstreams),
              () -> new UndeclaredTcp(channel, sender, as.apply(Call.TCP), upstreams).start());
    }
  }

  private void http(SocketChannel channel, HttpService service) {
    connections.readRequests(channel, service);
    OnDemand.of(channel).read();
  }

  private void detect(
      SocketChannel channel, Function<Boolean, HttpService> http, Runnable otherwise) {
    channel
        .pipeline()
        .addLast(
            "detection",
            new Detection(
                new Detection.Road() {
                  @Override
                  public void http(boolean http2) {
                    connections.readRequests(channel, http.apply(http2));
                  }

                  @Override
                  public void bytes() {
                    otherwise.run();
                  }
                }));
  }

  private void noIdentity(SocketChannel channel, DirectoryEntry entry, String process) {
    ServiceName service = entry.service();
    Failure failure =
        new Failure(
            Failure.Kind.UNKNOWN_CALLER,
            process
                + " belongs to no service of this host, so it has no identity and may not call "
                + service
                + "; declare it in /etc/hostmesh/services.d with workload { unit = ... } or"
                + " { user = ... }");
    HttpService refusal =
        new RefusedHttp(sender.telemetry(), Accepted.text(channel.remoteAddress()), failure);
    switch (entry.protocol()) {
      case HTTP, HTTP2, GRPC -> http(channel, refusal);
      case TCP -> refuse(channel, failure);
      case AUTO -> detect(channel, _ -> refusal, () -> refuse(channel, failure));
    }
  }

  /** Not of the mesh (any more): in plaintext it goes on only where all of a host is captured. */
  private void unknownDestination(
      SocketChannel channel, InetSocketAddress destination, Upstreams upstreams) {
    if (!passThrough || virtual.contains(destination.getAddress())) {
      refuse(
          channel,
          new Failure(
              Failure.Kind.NO_ROUTE,
              "no service of the mesh is known at "
                  + Accepted.text(destination)
                  + "; \"hostmesh status\" shows whether this host's configuration is current"));
      return;
    }
    Promise<ByteStream> dialled = upstreams.loop().newPromise();
    dialled.addListener(
        done -> {
          if (done.isSuccess()) {
            Relay.join(new SocketBytes(channel), dialled.getNow(), _ -> {});
          } else {
            Resets.reset(channel);
          }
        });
    upstreams.dial(
        new Application("the destination", destination, Optional.empty(), Application.Gate.OPEN),
        dialled);
  }

  private void refuse(SocketChannel channel, Failure failure) {
    sender.telemetry().refused("outbound", Accepted.text(channel.remoteAddress()), failure);
    Resets.reset(channel);
  }
}
