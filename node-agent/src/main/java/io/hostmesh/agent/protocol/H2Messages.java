package io.hostmesh.agent.protocol;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import org.jspecify.annotations.Nullable;

/**
 * Messages on one HTTP/2 stream: frames outside, HTTP objects inside (RFC 9113 section 8), a change
 * of protocol as an extended CONNECT (RFC 8441). Used by its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H2Messages extends ChannelDuplexHandler {
  /**
   * Says, with status 200, that the protocol was changed: an application may also answer 200 and
   * not change it.
   */
  static final String UPGRADED = "hostmesh-upgraded";

  private final boolean server;
  private final boolean agent;
  private boolean headRead;
  private @Nullable String upgrade;
  private @Nullable HttpMethod method;
  private @Nullable Http2Headers unsent;

  private H2Messages(boolean server, boolean agent) {
    this.server = server;
    this.agent = agent;
  }

  /**
   * @param agent whether the peer is another agent, not an application
   */
  public static H2Messages server(boolean agent) {
    return new H2Messages(true, agent);
  }

  /**
   * @param agent whether the peer is another agent, not an application
   */
  public static H2Messages client(boolean agent) {
    return new H2Messages(false, agent);
  }

  // Frames in.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch (message) {
      case Http2HeadersFrame frame -> headers(ctx, frame);
      case Http2DataFrame frame ->
          ctx.fireChannelRead(
              frame.isEndStream()
                  ? new DefaultLastHttpContent(frame.content())
                  : new DefaultHttpContent(frame.content()));
      default -> ctx.fireChannelRead(message);
    }
  }

  private void headers(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
    try {
      if (headRead) {
        ctx.fireChannelRead(trailers(frame));
      } else if (server) {
        headRead = true;
        ctx.fireChannelRead(request(frame));
        end(ctx, frame);
      } else {
        response(ctx, frame);
      }
    } catch (IllegalArgumentException e) {
      System.getLogger(H2Messages.class.getName())
          .log(System.Logger.Level.DEBUG, "a malformed message on an HTTP/2 stream", e);
      ctx.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.PROTOCOL_ERROR));
      ctx.close();
    }
  }

  private LastHttpContent trailers(Http2HeadersFrame frame) {
    if (!frame.isEndStream()) {
      throw new IllegalArgumentException("a second head that is not the end");
    }
    if (frame.headers().names().stream()
        .anyMatch(Http2Headers.PseudoHeaderName::hasPseudoHeaderFormat)) {
      throw new IllegalArgumentException("a pseudo header in trailers");
    }
    LastHttpContent last = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
    H2Headers.copy(frame.headers(), last.trailingHeaders(), agent);
    return last;
  }

  private static void end(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
    if (frame.isEndStream()) {
      ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
    }
  }

  private HttpRequest request(Http2HeadersFrame frame) {
    Http2Headers from = frame.headers();
    CharSequence protocol = from.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
    CharSequence path = from.path();
    CharSequence verb = from.method();
    if (verb == null
        || path == null
        || from.scheme() == null
        || !H1Failures.isTarget(path.toString())) {
      throw new IllegalArgumentException("a request without method, scheme or a well-formed path");
    }
    method = protocol == null ? HttpMethod.valueOf(verb.toString()) : HttpMethod.GET;
    HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, path.toString());
    HttpHeaders headers = request.headers();
    H2Headers.copy(from, headers, agent);
    if (!headers.contains(HttpHeaderNames.HOST)) {
      headers.set(HttpHeaderNames.HOST, "");
    }
    HopHeaders.strip(headers);
    if (protocol != null) {
      upgrade = protocol.toString();
      HopHeaders.setUpgrade(headers, upgrade);
    } else if (!frame.isEndStream() && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    return request;
  }

  private void response(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
    Http2Headers from = frame.headers();
    CharSequence code = from.status();
    if (code == null) {
      throw new IllegalArgumentException("an answer without a status");
    }
    HttpResponseStatus status = HttpResponseStatus.valueOf(Integer.parseInt(code.toString()));
    if (status.code() < 200) {
      HttpResponse informational =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
      H2Headers.copy(from, informational.headers(), agent);
      ctx.fireChannelRead(informational);
      return;
    }
    headRead = true;
    CharSequence upgraded = from.get(UPGRADED);
    HttpResponse response =
        new DefaultHttpResponse(
            HttpVersion.HTTP_1_1,
            upgraded == null ? status : HttpResponseStatus.SWITCHING_PROTOCOLS);
    H2Headers.copy(from, response.headers(), agent);
    HopHeaders.strip(response.headers());
    response.headers().remove(UPGRADED);
    if (upgraded != null) {
      HopHeaders.setUpgrade(response.headers(), upgraded.toString());
    } else if (!frame.isEndStream()
        && !HttpMethod.HEAD.equals(method)
        && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    ctx.fireChannelRead(response);
    end(ctx, frame);
  }

  // Messages out. A head waits for the part behind it: where that is the end, one frame does.

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    switch (message) {
      case HttpRequest request -> {
        method = request.method();
        unsent = H2Headers.of(request, agent);
      }
      case HttpResponse response when Informational.is(response) ->
          ctx.write(new DefaultHttp2HeadersFrame(H2Headers.of(response, agent), false));
      case HttpResponse response -> unsent = answer(response);
      default -> {}
    }
    switch (message) {
      case HttpResponse response when Informational.is(response) -> {
        io.netty.util.ReferenceCountUtil.release(response);
        promise.trySuccess();
      }
      case HttpContent content -> content(ctx, content, promise);
      case io.netty.handler.codec.http.HttpMessage _ -> promise.trySuccess();
      default -> ctx.write(message, promise);
    }
  }

  private Http2Headers answer(HttpResponse response) {
    if (upgrade != null && response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      Http2Headers headers = H2Headers.of(response, agent);
      headers.status("200").set(UPGRADED, upgrade);
      return headers;
    }
    return H2Headers.of(response, agent);
  }

  private void content(ChannelHandlerContext ctx, HttpContent part, ChannelPromise promise) {
    boolean last = part instanceof LastHttpContent;
    HttpHeaders trailers =
        last
            ? ((LastHttpContent) part).trailingHeaders()
            : LastHttpContent.EMPTY_LAST_CONTENT.trailingHeaders();
    boolean body = part.content().isReadable();
    if (last && !body && trailers.isEmpty()) {
      part.release();
      Http2Headers head = unsent;
      unsent = null;
      ctx.write(
          head == null ? new DefaultHttp2DataFrame(true) : new DefaultHttp2HeadersFrame(head, true),
          promise);
      return;
    }
    if (!last && !body) { // Of these a server takes a few only; on a shared connection they add up.
      part.release();
      promise.trySuccess();
      return;
    }
    writeHead(ctx);
    if (!last || trailers.isEmpty()) {
      ctx.write(new DefaultHttp2DataFrame(part.content(), last), promise);
      return;
    }
    if (body) {
      ctx.write(new DefaultHttp2DataFrame(part.content(), false));
    } else {
      part.release();
    }
    ctx.write(new DefaultHttp2HeadersFrame(H2Headers.trailers(trailers, agent), true), promise);
  }

  private void writeHead(ChannelHandlerContext ctx) {
    Http2Headers head = unsent;
    unsent = null;
    if (head != null) {
      ctx.write(new DefaultHttp2HeadersFrame(head, false));
    }
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    writeHead(ctx);
    ctx.flush();
  }
}
