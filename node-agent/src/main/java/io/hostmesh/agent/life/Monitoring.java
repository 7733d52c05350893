package io.hostmesh.agent.life;

import io.hostmesh.runtime.metrics.Metrics;
import io.hostmesh.runtime.metrics.Readiness;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.nio.charset.StandardCharsets;

/**
 * Plain HTTP for monitoring on the passed sockets: {@code /metrics}, {@code /healthz} (the process
 * runs) and {@code /readyz} (200, or 503 with the reasons). Nothing can be changed here.
 */
final class Monitoring {
  private static final int MOST_BODY = 1024;
  private static final int IDLE_SECONDS = 60;

  private final Metrics metrics;
  private final Readiness readiness;

  Monitoring(Metrics metrics, Readiness readiness) {
    this.metrics = metrics;
    this.readiness = readiness;
  }

  ChannelHandler connections() {
    return new ChannelInitializer<Channel>() {
      @Override
      protected void initChannel(Channel connection) {
        connection
            .pipeline()
            .addLast(
                new ReadTimeoutHandler(IDLE_SECONDS),
                new HttpServerCodec(),
                new HttpObjectAggregator(MOST_BODY),
                new Answers());
      }
    };
  }

  private final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      FullHttpResponse response = answer(request);
      HttpUtil.setContentLength(response, response.content().readableBytes());
      boolean stays = HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
      HttpUtil.setKeepAlive(response, stays);
      if (request.method().equals(HttpMethod.HEAD)) {
        response.content().clear();
      }
      ChannelFuture written = context.writeAndFlush(response);
      if (!stays) {
        var _ = written.addListener(ChannelFutureListener.CLOSE);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ = context.close();
    }
  }

  private FullHttpResponse answer(FullHttpRequest request) {
    if (!request.decoderResult().isSuccess()) {
      return text(400, "text/plain", "not HTTP\n");
    }
    if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
      return text(405, "text/plain", "only GET\n");
    }
    return switch (new QueryStringDecoder(request.uri()).path()) {
      case "/metrics" -> text(200, Metrics.MEDIA_TYPE, metrics.page());
      case "/healthz" -> text(200, "text/plain", "alive\n");
      case "/readyz" ->
          text(readiness.problems().isEmpty() ? 200 : 503, "text/plain", readiness.page());
      default -> text(404, "text/plain", "there are /metrics, /healthz and /readyz here\n");
    };
  }

  private static FullHttpResponse text(int status, String type, String body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(status),
            Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
    return response;
  }
}
