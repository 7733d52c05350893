package io.hostmesh.agent.inbound;

import io.hostmesh.agent.connection.Accepted;
import io.hostmesh.agent.connection.Connections;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.protocol.H2Connections;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.MeshContext;
import io.hostmesh.agent.upstream.MeshProtocol;
import io.hostmesh.agent.upstream.MeshTls;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.MeshSni;
import io.hostmesh.model.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.util.Optional;

/** Port 15008: connections from other agents, each to one instance of this host. */
public final class MeshPort extends ChannelInitializer<SocketChannel> {
  private final Receiver receiver;
  private final LocalInstances instances;
  private final MeshTls tls;
  private final Connections connections;

  public MeshPort(
      Receiver receiver, LocalInstances instances, MeshTls tls, Connections connections) {
    this.receiver = receiver;
    this.instances = instances;
    this.tls = tls;
    this.connections = connections;
  }

  /** The road of such a connection: which instance, who, then requests or connections inside. */
  @Override
  protected void initChannel(SocketChannel channel) {
    Upstreams upstreams = connections.accepted(channel);
    channel.pipeline().addLast("sni", new SniSelection(this, upstreams));
  }

  /** What a server name leads to. */
  record Selected(LocalInstance instance, MeshContext context) {}

  /**
   * The instance of a server name, and the context with its service's certificate.
   *
   * @throws UpstreamException where no such instance is on this host
   */
  Selected select(String serverName) throws UpstreamException {
    Optional<MeshSettings> settings = receiver.mesh().view().settings();
    MeshSni name;
    try {
      name = MeshSni.parse(serverName);
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
    boolean ours =
        settings
            .map(
                s ->
                    s.trustDomain().equals(name.trustDomain())
                        && s.datacenter().equals(name.datacenter()))
            .orElse(false);
    Optional<LocalInstance> instance =
        ours ? instances.byInstance(name.service(), name.instance()) : Optional.empty();
    if (instance.isEmpty()) {
      throw refused("no instance " + serverName + " is registered on this host");
    }
    return new Selected(instance.get(), tls.server(name.service()));
  }

  private static UpstreamException refused(String why) {
    return new UpstreamException(new Failure(Failure.Kind.NO_ROUTE, why));
  }

  void failed(Channel channel, Throwable cause) {
    String peer = peer(channel);
    receiver.telemetry().refused("mesh", peer, UpstreamException.of(cause, "the agent at " + peer));
  }

  private static String peer(Channel channel) {
    return channel.remoteAddress() instanceof java.net.InetSocketAddress address
        ? Accepted.text(address)
        : "-";
  }

  /** The handlers behind the handshake; they are in before bytes that came with it are read. */
  void afterSni(ChannelHandlerContext ctx, Selected selected, Upstreams upstreams) {
    SslHandler handler = selected.context().server(ctx.alloc());
    ctx.pipeline().replace("sni", "tls", handler);
    ctx.pipeline().addLast("alpn", new Inside(handler, selected, upstreams));
  }

  private final class Inside extends ApplicationProtocolNegotiationHandler {
    private final SslHandler handler;
    private final MeshContext context;
    private final LocalInstance instance;
    private final Upstreams upstreams;

    Inside(SslHandler handler, Selected selected, Upstreams upstreams) {
      super("");
      this.handler = handler;
      this.context = selected.context();
      this.instance = selected.instance();
      this.upstreams = upstreams;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String alpn)
        throws CertificateException {
      SpiffeId caller = context.peer(handler, ctx.channel());
      Origin origin =
          new Origin(
                  Origin.Arrival.MESH,
                  Optional.of(caller),
                  ((java.net.InetSocketAddress) ctx.channel().remoteAddress())
                      .getAddress()
                      .getHostAddress(),
                  "")
              .showing(MeshContext.fingerprint(handler));
      switch (MeshProtocol.of(alpn).orElse(null)) {
        case HTTP -> requests(ctx, origin);
        case TCP -> streams(ctx, origin);
        case null ->
            throw new CertificateException("the peer speaks none of this version's protocols");
      }
    }

    private void requests(ChannelHandlerContext ctx, Origin origin) {
      HttpService service = receiver.http(origin, instance, upstreams);
      connections.drainable(ctx.channel(), H2Connections.serveAgent(ctx.pipeline(), service));
    }

    private void streams(ChannelHandlerContext ctx, Origin origin) {
      connections.drainable(
          ctx.channel(),
          H2Connections.serveAgentStreams(
              ctx.pipeline(),
              stream -> ConnectServer.serve(stream, receiver, origin, instance, upstreams)));
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The channel's end shows.
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
      failed(ctx.channel(), cause);
      ctx.close();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The channel's end shows.
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      failed(ctx.channel(), cause);
      ctx.close();
    }
  }
}
