package io.hostmesh.agent.protocol;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ConnectionPrefaceAndSettingsFrameWrittenEvent;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.util.function.Consumer;

/** How HTTP/2 connections are set up: their limits, and a channel for each stream. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H2Connections {
  /** Streams at a time on one connection; callers open another connection beyond it. */
  public static final int MAX_STREAMS = 1000;

  private static final int STREAM_WINDOW = 256 * 1024;
  private static final int CONNECTION_WINDOW = 8 * 1024 * 1024;
  private static final int DEFAULT_WINDOW = 65_535;

  /** Counted with 32 bytes for each header (RFC 9113 section 6.5.2), unlike an HTTP/1.1 head. */
  private static final long HEAD_LIST = 4L * HttpLimits.DEFAULT.headBytes();

  /** Many callers share a connection between agents, and each may give up whenever it likes. */
  private static final int RESETS_OF_AGENTS = 20_000;

  private static final int RESETS_OF_APPLICATIONS = 400;
  private static final int RESETS_SECONDS = 30;

  private H2Connections() {}

  private static Http2Settings settings() {
    return new Http2Settings().initialWindowSize(STREAM_WINDOW).maxHeaderListSize(HEAD_LIST);
  }

  /** Adds the handlers of an application's connection to us. */
  public static Drainable serve(ChannelPipeline pipeline, Consumer<ChannelPipeline> eachStream) {
    return serve(pipeline, RESETS_OF_APPLICATIONS, eachStream);
  }

  /** Adds the handlers of another agent's connection to us. */
  public static Drainable serveAgent(
      ChannelPipeline pipeline, Consumer<ChannelPipeline> eachStream) {
    return serve(pipeline, RESETS_OF_AGENTS, eachStream);
  }

  private static Drainable serve(
      ChannelPipeline pipeline, int resets, Consumer<ChannelPipeline> eachStream) {
    pipeline.addLast(
        "h2",
        H2ServerCodec.builder()
            .initialSettings(
                settings().maxConcurrentStreams(MAX_STREAMS).connectProtocolEnabled(true))
            .gracefulShutdownTimeoutMillis(0)
            .decoupleCloseAndGoAway(true)
            .decoderEnforceMaxRstFramesPerWindow(resets, RESETS_SECONDS)
            .encoderEnforceMaxRstFramesPerWindow(0, 0)
            .build());
    H2ServerConnection connection = new H2ServerConnection();
    pipeline.addLast(
        "h2-streams",
        new Http2MultiplexHandler(
            onDemand(
                stream -> {
                  connection.opened(stream);
                  eachStream.accept(stream.pipeline());
                })));
    pipeline.addLast("h2-connection", connection);
    pipeline.write(new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - DEFAULT_WINDOW));
    return connection;
  }

  /** Adds the handlers of a client's connection, on which the server opens no streams. */
  public static void call(ChannelPipeline pipeline) {
    pipeline.addLast(
        "h2",
        Http2FrameCodecBuilder.forClient()
            .initialSettings(settings().pushEnabled(false))
            .gracefulShutdownTimeoutMillis(0)
            .decoupleCloseAndGoAway(true)
            .encoderEnforceMaxRstFramesPerWindow(0, 0)
            .build());
    pipeline.addLast("h2-window", new Window());
    pipeline.addLast("h2-streams", new Http2MultiplexHandler(new Refused()));
  }

  /** Streams are read only where somebody takes the bytes. */
  public static ChannelHandler onDemand(Consumer<Http2StreamChannel> handlers) {
    return new ChannelInitializer<Http2StreamChannel>() {
      @Override
      protected void initChannel(Http2StreamChannel stream) {
        stream.config().setAutoRead(false);
        handlers.accept(stream);
      }

      @Override
      public boolean isSharable() {
        return true;
      }
    };
  }

  @ChannelHandler.Sharable
  private static final class Refused extends ChannelInboundHandlerAdapter {
    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      ctx.close();
    }
  }

  /** The window of the whole connection has no setting; it is raised by a frame. */
  private static final class Window extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof Http2ConnectionPrefaceAndSettingsFrameWrittenEvent) {
        ctx.write(new DefaultHttp2WindowUpdateFrame(CONNECTION_WINDOW - DEFAULT_WINDOW));
      }
      ctx.fireUserEventTriggered(event);
    }
  }
}
