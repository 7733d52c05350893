package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the messages of an HTTP/1.1 connection: a head and a small body in one buffer, a large
 * body as it is. Framed as the head says. Used by its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H1Writer {
  private static final int COPY = 4096;
  private static final int FIRST_BUFFER = 512;
  private static final byte[] VERSION = ascii("HTTP/1.1 ");
  private static final byte[] OLD_VERSION = ascii("HTTP/1.0 ");
  private static final byte[] REQUEST_END = ascii(" HTTP/1.1\r\n");
  private static final byte[] LAST_CHUNK = ascii("0\r\n");
  private static final int CRLF = '\r' << 8 | '\n';
  private static final int COLON = ':' << 8 | ' ';

  private final Channel channel;
  private @Nullable ByteBuf out;
  private boolean chunked;
  private boolean bodyless;

  public H1Writer(Channel channel) {
    this.channel = channel;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private ByteBuf out() {
    ByteBuf buffer = out;
    if (buffer == null) {
      buffer = channel.alloc().directBuffer(FIRST_BUFFER);
      out = buffer;
    }
    return buffer;
  }

  /** Writes a request's head. */
  public void request(HttpRequest request) {
    ByteBuf to = out();
    text(to, request.method().asciiName());
    to.writeByte(' ');
    text(to, request.uri());
    to.writeBytes(REQUEST_END);
    headers(to, request.headers());
    to.writeShort(CRLF);
    chunked = HttpUtil.isTransferEncodingChunked(request);
    bodyless = false;
  }

  /**
   * Writes an answer's head.
   *
   * @param noBody whether no body may follow, whatever is given
   */
  void response(HttpResponse response, boolean noBody) {
    ByteBuf to = out();
    HttpResponseStatus status = response.status();
    to.writeBytes(response.protocolVersion().equals(HttpVersion.HTTP_1_0) ? OLD_VERSION : VERSION);
    text(to, status.codeAsText());
    to.writeByte(' ');
    text(to, status.reasonPhrase());
    to.writeShort(CRLF);
    headers(to, response.headers());
    to.writeShort(CRLF);
    chunked = !noBody && HttpUtil.isTransferEncodingChunked(response);
    bodyless = noBody;
  }

  private static void headers(ByteBuf to, HttpHeaders headers) {
    if (headers instanceof FlatHeaders flat) {
      for (int i = 0; i < flat.size(); i++) {
        header(to, flat.name(i), flat.value(i));
      }
      return;
    }
    Iterator<Map.Entry<CharSequence, CharSequence>> entries = headers.iteratorCharSequence();
    while (entries.hasNext()) {
      Map.Entry<CharSequence, CharSequence> entry = entries.next();
      header(to, entry.getKey(), entry.getValue());
    }
  }

  private static void header(ByteBuf to, CharSequence name, CharSequence value) {
    text(to, name);
    to.writeShort(COLON);
    text(to, value);
    to.writeShort(CRLF);
  }

  private static void text(ByteBuf to, CharSequence text) {
    if (text instanceof AsciiString ascii) {
      to.writeBytes(ascii.array(), ascii.arrayOffset(), ascii.length());
    } else {
      to.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    }
  }

  /** Writes a part of a body, which is taken over; the last one ends the message. */
  public void content(HttpContent part) {
    ByteBuf bytes = part.content();
    int size = bytes.readableBytes();
    if (bodyless || size == 0) {
      part.release();
    } else if (chunked) {
      ByteBuf to = out();
      to.writeCharSequence(Integer.toHexString(size), StandardCharsets.US_ASCII);
      to.writeShort(CRLF);
      bytes(bytes, size);
      out().writeShort(CRLF);
    } else {
      bytes(bytes, size);
    }
    if (chunked && part instanceof LastHttpContent last) {
      ByteBuf to = out();
      to.writeBytes(LAST_CHUNK);
      headers(to, last.trailingHeaders());
      to.writeShort(CRLF);
    }
  }

  private void bytes(ByteBuf bytes, int size) {
    if (size <= COPY) {
      out().writeBytes(bytes);
      bytes.release();
    } else {
      passOn();
      channel.write(bytes, channel.voidPromise());
    }
  }

  private void passOn() {
    ByteBuf buffer = out;
    if (buffer != null) {
      out = null;
      channel.write(buffer, channel.voidPromise());
    }
  }

  /** Sends what was written. */
  public void flush() {
    passOn();
    channel.flush();
  }

  /** Forgets what was not sent. */
  public void release() {
    ByteBuf buffer = out;
    if (buffer != null) {
      out = null;
      buffer.release();
    }
  }
}
