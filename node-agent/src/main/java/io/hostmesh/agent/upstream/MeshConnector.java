package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.model.SpiffeId;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Promise;
import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** Opens connections to other agents: TLS with the caller's certificate, and HTTP/2 inside. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class MeshConnector implements Connector<MeshTarget> {
  private final MeshTls tls;
  private final Sockets sockets;

  MeshConnector(MeshTls tls, Sockets sockets) {
    this.tls = tls;
    this.sockets = sockets;
  }

  @Override
  public Object credentials(MeshTarget target) throws UpstreamException {
    return tls.client(target.source(), target.protocol());
  }

  /** Connections for TCP are counted one by one, where they are opened. */
  @Override
  public @Nullable Load load(MeshTarget target) {
    return target.protocol() == MeshProtocol.TCP ? null : target.load();
  }

  @Override
  public void connect(
      MeshTarget target, Object credentials, EventLoop loop, H2Link link, Promise<H2Link> ready) {
    MeshContext context = (MeshContext) credentials;
    Bootstrap bootstrap =
        sockets
            .client(loop)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    pipeline(channel, context, target, link, ready);
                  }
                });
    bootstrap
        .connect(target.agent())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                ready.tryFailure(
                    new UpstreamException(
                        UpstreamException.of(connected.cause(), target.toString())));
              }
            });
  }

  /** The road of a connection to another agent, from the wire. */
  private void pipeline(
      SocketChannel channel,
      MeshContext context,
      MeshTarget target,
      H2Link link,
      Promise<H2Link> ready) {
    SslHandler handler = context.client(channel.alloc(), target.name(), target.agent().getPort());
    handler.setHandshakeTimeoutMillis(sockets.settings().handshakeTimeout().toMillis());
    channel.pipeline().addLast("tls", handler);
    channel.pipeline().addLast("server-id", new ServerId(context, handler, target, link, ready));
    // Before the handshake ends, since frames can come right behind it.
    channel.pipeline().addLast("h2", link);
    channel
        .closeFuture()
        .addListener(
            _ ->
                ready.tryFailure(
                    refused(target, "the connection closed before the TLS handshake was over")));
  }

  private static UpstreamException refused(MeshTarget target, String why) {
    return new UpstreamException(UpstreamException.notConnected(target.toString(), why));
  }

  /** Lets nothing of a request out before the server has proven to be the service asked for. */
  private static final class ServerId extends ChannelInboundHandlerAdapter {
    private final MeshContext context;
    private final SslHandler handler;
    private final MeshTarget target;
    private final H2Link link;
    private final Promise<H2Link> ready;

    ServerId(
        MeshContext context,
        SslHandler handler,
        MeshTarget target,
        H2Link link,
        Promise<H2Link> ready) {
      this.context = context;
      this.handler = handler;
      this.target = target;
      this.link = link;
      this.ready = ready;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent handshake) {
        if (handshake.isSuccess()) {
          check(ctx);
        } else {
          ready.tryFailure(refused(target, "TLS: " + UpstreamException.reason(handshake.cause())));
          ctx.close();
        }
      }
      ctx.fireUserEventTriggered(event);
    }

    private void check(ChannelHandlerContext ctx) {
      try {
        SpiffeId.Service wanted = target.name().identity();
        SpiffeId proven = context.peer(handler, ctx.channel());
        if (!proven.equals(wanted)) {
          throw new CertificateException("it proved to be " + proven + ", not " + wanted);
        }
        if (!target.protocol().alpn().equals(handler.applicationProtocol())) {
          throw new CertificateException(
              "it does not speak " + target.protocol().alpn() + "; is it another version?");
        }
        ready.trySuccess(link);
      } catch (CertificateException e) {
        ready.tryFailure(refused(target, String.valueOf(e.getMessage())));
        ctx.close();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ready.tryFailure(refused(target, String.valueOf(cause.getMessage())));
      ctx.close();
    }
  }
}
