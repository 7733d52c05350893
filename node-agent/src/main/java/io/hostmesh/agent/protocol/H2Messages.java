package io.hostmesh.agent.protocol;

import io.hostmesh.agent.h2.H2LinkStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages on one HTTP/2 stream: headers and bytes outside, HTTP objects inside (RFC 9113 section
 * 8), CONNECT as it is (section 8.5), a change of protocol as an extended CONNECT (RFC 8441). Used
 * by its event loop only.
 */
public final class H2Messages {
  /**
   * Says, with status 200, that the protocol was changed: an application may also answer 200 and
   * not change it.
   */
  private static final AsciiString UPGRADED = AsciiString.cached("hostmesh-upgraded");

  private static final AsciiString CONNECT = HttpMethod.CONNECT.asciiName();

  private final H2LinkStream stream;
  private final boolean server;
  private final boolean agent;
  private final Consumer<HttpObject> to;
  private boolean headRead;
  private boolean tunnel;
  private boolean declined;

  /** The protocol that the request asks to change to. */
  private @Nullable String upgrade;

  private @Nullable String webSocketKey;
  private @Nullable HttpMethod method;
  private @Nullable Http2Headers unsent;

  /**
   * @param server whether requests come in and answers go out
   * @param agent whether the peer is another agent, not an application
   * @param to gets what comes in
   */
  public H2Messages(H2LinkStream stream, boolean server, boolean agent, Consumer<HttpObject> to) {
    this.stream = stream;
    this.server = server;
    this.agent = agent;
    this.to = to;
  }

  // What comes in.

  /**
   * Takes headers.
   *
   * @throws IllegalArgumentException where they are no head of a message, or no trailers
   */
  public void headers(Http2Headers headers, boolean end) {
    if (headRead) {
      to.accept(trailers(headers));
    } else if (server) {
      headRead = true;
      to.accept(request(headers, end));
      end(end);
    } else {
      response(headers, end);
    }
  }

  /** Takes bytes over. */
  public void data(ByteBuf bytes, boolean end) {
    if (end && !bytes.isReadable()) {
      bytes.release();
      to.accept(LastHttpContent.EMPTY_LAST_CONTENT);
    } else {
      to.accept(end ? new DefaultLastHttpContent(bytes) : new DefaultHttpContent(bytes));
    }
  }

  private LastHttpContent trailers(Http2Headers headers) {
    FlatHeaders trailers = new FlatHeaders(4);
    H2Headers.copy(headers, trailers, agent);
    return new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers);
  }

  private void end(boolean end) {
    if (end) {
      to.accept(LastHttpContent.EMPTY_LAST_CONTENT);
    }
  }

  private HttpRequest request(Http2Headers from, boolean end) {
    CharSequence protocol = from.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
    CharSequence verb = from.method();
    boolean connect = protocol == null && verb != null && CONNECT.contentEquals(verb);
    CharSequence target = connect ? from.authority() : from.path();
    if (verb == null || target == null || !isTarget(from, target.toString(), connect)) {
      throw new IllegalArgumentException("a request without method, scheme or a well-formed path");
    }
    method = protocol == null ? HttpMethod.valueOf(verb.toString()) : HttpMethod.GET;
    FlatHeaders headers = new FlatHeaders();
    HttpRequest request =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, target.toString(), headers);
    H2Headers.copy(from, headers, agent);
    if (!headers.contains(HttpHeaderNames.HOST)) {
      headers.set(HttpHeaderNames.HOST, "");
    }
    HopHeaders.strip(headers);
    if (protocol != null) {
      upgrade = protocol.toString();
      HopHeaders.setUpgrade(headers, upgrade);
      if (!agent && WebSockets.is(upgrade)) {
        WebSockets.addKey(headers);
      }
    } else if (connect) {
      Tunnels.unframe(headers);
    } else if (!end) {
      chunkWithoutLength(headers);
    }
    return request;
  }

  private boolean isTarget(Http2Headers from, String target, boolean connect) {
    return connect
        ? Targets.isHostAndPort(target) && !from.contains(HttpHeaderNames.CONTENT_LENGTH)
        : from.scheme() != null
            && Targets.isTarget(target)
            && (agent || target.charAt(0) == '/' || target.equals("*"));
  }

  private void response(Http2Headers from, boolean end) {
    CharSequence code = from.status();
    if (code == null) {
      throw new IllegalArgumentException("an answer without a status");
    }
    HttpResponseStatus status = HttpResponseStatus.valueOf(Integer.parseInt(code.toString()));
    if (status.code() < 200) {
      HttpResponse informational =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
      H2Headers.copy(from, informational.headers(), agent);
      to.accept(informational);
      return;
    }
    headRead = true;
    String changed = isChange(from, status) ? upgrade : null;
    HttpResponse response =
        new DefaultHttpResponse(
            HttpVersion.HTTP_1_1,
            changed == null ? status : HttpResponseStatus.SWITCHING_PROTOCOLS,
            new FlatHeaders());
    H2Headers.copy(from, response.headers(), agent);
    HopHeaders.strip(response.headers());
    response.headers().remove(UPGRADED);
    if (changed != null) {
      changed(response.headers(), changed);
    } else if (opensTunnel(response)) {
      Tunnels.unframe(response.headers());
    } else if (!end && !HttpMethod.HEAD.equals(method)) {
      chunkWithoutLength(response.headers());
    }
    to.accept(response);
    end(end);
  }

  /** To a change of protocol an application says yes with 2xx (RFC 8441 section 5). */
  private boolean isChange(Http2Headers from, HttpResponseStatus status) {
    return upgrade != null
        && (agent ? from.contains(UPGRADED) : status.code() >= 200 && status.code() < 300);
  }

  private void changed(HttpHeaders headers, String protocol) {
    Tunnels.unframe(headers);
    HopHeaders.setUpgrade(headers, protocol);
    if (webSocketKey != null) {
      headers.set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, WebSockets.accept(webSocketKey));
    }
  }

  private static void chunkWithoutLength(HttpHeaders headers) {
    if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH)
        && !headers.contains(HttpHeaderNames.TRANSFER_ENCODING)) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
  }

  private boolean opensTunnel(HttpResponse response) {
    return method != null && Tunnels.opens(method, response);
  }

  /** How the peer is told that what it reads has no end (RFC 9113 section 8.5, RFC 8441 5). */
  Http2Error brokenOff() {
    if (!tunnel) {
      return Http2Error.INTERNAL_ERROR;
    }
    return upgrade == null ? Http2Error.CONNECT_ERROR : Http2Error.CANCEL;
  }

  // What goes out. A head waits for the part behind it: where that is the end, one frame does.

  /** Takes a part over. */
  public void write(HttpObject part) {
    if (part instanceof HttpRequest request) {
      request(request);
    } else if (part instanceof HttpResponse response) {
      if (Informational.is(response)) {
        stream.headers(H2Headers.of(response, agent), false);
        ReferenceCountUtil.release(response);
        return;
      }
      unsent = answer(response);
    }
    if (part instanceof HttpContent content) {
      if (declined) {
        content.release(); // The request has ended with its head.
      } else {
        content(content);
      }
    }
  }

  private void request(HttpRequest request) {
    method = request.method();
    upgrade = HopHeaders.upgrade(request).orElse(null);
    declined = upgrade != null && !agent && !stream.peerTakesConnect();
    if (declined) {
      upgrade = null; // An application that knows no change goes on with HTTP.
    }
    boolean webSocket = upgrade != null && !agent && WebSockets.is(upgrade);
    // The name is compared without regard to case in HTTP/1.1 only.
    Http2Headers headers = H2Headers.of(request, webSocket ? WebSockets.NAME : upgrade, agent);
    if (declined) {
      stream.headers(headers, true);
      return;
    }
    if (webSocket) {
      webSocketKey = request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY);
      headers.remove(HttpHeaderNames.SEC_WEBSOCKET_KEY);
    }
    unsent = headers;
  }

  private Http2Headers answer(HttpResponse response) {
    tunnel = opensTunnel(response);
    Http2Headers headers = H2Headers.of(response, agent);
    headers.remove(UPGRADED);
    if (upgrade == null) {
      return headers;
    }
    int code = response.status().code();
    if (code == HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
      headers.status("200");
      if (agent) {
        headers.set(UPGRADED, upgrade);
      } else {
        headers.remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
      }
    } else if (!agent && code >= 200 && code < 300) {
      headers.status("501"); // Any 2xx would say that the protocol was changed.
    }
    return headers;
  }

  private void content(HttpContent part) {
    boolean last = part instanceof LastHttpContent;
    boolean body = part.content().isReadable();
    HttpHeaders trailers =
        (last ? (LastHttpContent) part : LastHttpContent.EMPTY_LAST_CONTENT).trailingHeaders();
    boolean trailed = !trailers.isEmpty();
    Http2Headers head = unsent;
    unsent = null;
    if (head != null) {
      stream.headers(head, last && !body && !trailed);
    }
    if (body) {
      stream.data(part.content(), last && !trailed);
    } else {
      // Of empty frames a server takes a few only; on a shared connection they add up.
      part.release();
      if (last && !trailed && head == null) {
        stream.data(Unpooled.EMPTY_BUFFER, true);
      }
    }
    if (trailed) {
      stream.headers(H2Headers.trailers(trailers, agent), true);
    }
  }

  /** Sends what was written, a head without anything behind it as well. */
  public void flush() {
    Http2Headers head = unsent;
    unsent = null;
    if (head != null) {
      stream.headers(head, false);
    }
    stream.flush();
  }
}
