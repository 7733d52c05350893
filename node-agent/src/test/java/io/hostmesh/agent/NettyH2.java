package io.hostmesh.agent;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** HTTP/2 with Netty's own codec: an application, and callers of it, stream by stream. */
@SuppressWarnings("FutureReturnValueIgnored") // What comes, or does not, shows.
final class NettyH2 implements AutoCloseable {
  private static final char CONNECT_SETTING = 8; // RFC 8441 section 3.

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel server;

  /** That were opened to the server so far. */
  final AtomicInteger streams = new AtomicInteger();

  /** What a server does with a stream. */
  interface Service {
    void head(Stream stream, Http2Headers head);

    void data(Stream stream, String data, boolean end);

    /** The caller gave the stream up. */
    default void reset(Stream stream) {}
  }

  /**
   * @param takesConnect whether it announces that streams may change their protocol
   */
  NettyH2(boolean takesConnect, Service service) {
    Http2Settings settings = new Http2Settings();
    if (takesConnect) {
      settings.put(CONNECT_SETTING, Long.valueOf(1));
    }
    server =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forServer()
                                .gracefulShutdownTimeoutMillis(0)
                                .initialSettings(settings)
                                .build(),
                            new Http2MultiplexHandler(
                                new ChannelInitializer<>() {
                                  @Override
                                  protected void initChannel(Channel stream) {
                                    streams.incrementAndGet();
                                    stream.pipeline().addLast(new Stream(service));
                                  }
                                }));
                  }
                })
            .bind(InetAddress.getLoopbackAddress(), 0)
            .syncUninterruptibly()
            .channel();
  }

  int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** A new connection's first stream, and the settings that the other side announced. */
  Stream call(InetSocketAddress address, Http2Headers head, boolean end) throws Exception {
    CompletableFuture<Http2Settings> settings = new CompletableFuture<>();
    Channel connection =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient()
                                .gracefulShutdownTimeoutMillis(0)
                                .build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                            new ChannelInboundHandlerAdapter() {
                              @Override
                              public void channelRead(ChannelHandlerContext ctx, Object message) {
                                if (message instanceof Http2SettingsFrame frame) {
                                  settings.complete(frame.settings());
                                }
                                ReferenceCountUtil.release(message);
                              }
                            });
                  }
                })
            .connect(address)
            .sync()
            .channel();
    Stream stream = new Stream(null);
    stream.settings = settings.get(10, TimeUnit.SECONDS);
    new Http2StreamChannelBootstrap(connection).handler(stream).open().sync();
    stream.write(new DefaultHttp2HeadersFrame(head, end));
    return stream;
  }

  /** Asks to change the protocol. */
  static Http2Headers extendedConnect(String protocol, String path) {
    return new DefaultHttp2Headers(false)
        .method("CONNECT")
        .set(Http2Headers.PseudoHeaderName.PROTOCOL.value(), protocol)
        .scheme("http")
        .path(path)
        .authority("chat.mesh");
  }

  /** One end of a stream. */
  static final class Stream extends ChannelInboundHandlerAdapter {
    final BlockingQueue<Object> came = new LinkedBlockingQueue<>();
    @org.jspecify.annotations.Nullable Http2Settings settings;
    private final @org.jspecify.annotations.Nullable Service service;
    private volatile @org.jspecify.annotations.Nullable ChannelHandlerContext context;

    Stream(@org.jspecify.annotations.Nullable Service service) {
      this.service = service;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
      context = added;
    }

    private void write(Object frame) {
      ChannelHandlerContext to = context;
      if (to == null) {
        throw new IllegalStateException("not open");
      }
      to.writeAndFlush(frame);
    }

    void head(Http2Headers headers) {
      write(new DefaultHttp2HeadersFrame(headers));
    }

    void data(String text, boolean end) {
      write(
          new DefaultHttp2DataFrame(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1), end));
    }

    void reset(Http2Error error) {
      write(new DefaultHttp2ResetFrame(error));
    }

    void closeConnection() {
      ChannelHandlerContext to = context;
      if (to != null) {
        to.channel().parent().close();
      }
    }

    /** A moment later, when what was sent has arrived. */
    void after(Runnable step) {
      ChannelHandlerContext to = context;
      if (to != null) {
        to.executor().schedule(step, 300, TimeUnit.MILLISECONDS);
      }
    }

    private void take(Object next) {
      came.add(next);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      switch (message) {
        case Http2HeadersFrame frame -> {
          take(frame.headers());
          if (service != null) {
            service.head(this, frame.headers());
          }
          if (frame.isEndStream()) {
            end("");
          }
        }
        case Http2DataFrame frame -> {
          String text =
              new String(ByteBufUtil.getBytes(frame.content()), StandardCharsets.ISO_8859_1);
          if (!text.isEmpty()) {
            take(text);
          }
          if (frame.isEndStream()) {
            end(text);
          } else if (service != null) {
            service.data(this, text, false);
          }
        }
        default -> {}
      }
      ReferenceCountUtil.release(message);
    }

    private void end(String text) {
      take("END");
      if (service != null) {
        service.data(this, text, true);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ResetFrame frame) {
        take(Http2Error.valueOf(frame.errorCode()));
        if (service != null) {
          service.reset(this);
        }
      }
      ctx.fireUserEventTriggered(event);
    }

    /** What comes next: headers, text, END, or an error; fails after a while. */
    Object next() throws InterruptedException {
      Object next = came.poll(15, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nothing came");
      }
      return next;
    }

    /** So many characters, in whatever pieces they come. */
    String text(int length) throws InterruptedException {
      StringBuilder text = new StringBuilder();
      while (text.length() < length) {
        text.append(next());
      }
      return text.toString();
    }

    Http2Headers nextHead() throws InterruptedException {
      return (Http2Headers) next();
    }
  }

  @Override
  public void close() {
    server.close();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
