package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/**
 * What a whole header block is: a request that opens a stream, an answer's head, or trailers; and
 * whether it may be (RFC 9113 section 8). Used by its connection's event loop only.
 */
final class MessageReader {
  private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
  private static final int MAX_DIGITS = 18;

  private final H2Link link;
  private final H2Settings settings;
  private final HeaderCodec headers;
  private final StreamIds ids;

  MessageReader(H2Link link, H2Settings settings, HeaderCodec headers, StreamIds ids) {
    this.link = link;
    this.settings = settings;
    this.headers = headers;
    this.ids = ids;
  }

  /** Reads a block. It is decoded in any case, since the next ones build on it. */
  void read(int id, ByteBuf encoded, boolean ends, boolean selfDependent) throws H2Error {
    H2LinkStream stream = link.stream(id);
    boolean opens = stream == null && ids.open(id);
    if (stream == null && !opens && ids.isIdle(id)) {
      throw H2Error.connection(Http2Error.PROTOCOL_ERROR, "HEADERS on a stream of ours");
    }
    Http2Headers list = decode(id, encoded, opens);
    if (stream == null && !opens) {
      if (!ids.wasReset(id)) {
        throw H2Error.connection(Http2Error.STREAM_CLOSED, "HEADERS on a closed stream");
      }
      return;
    }
    if (selfDependent) {
      throw H2Error.stream(id, Http2Error.PROTOCOL_ERROR, "a stream that depends on itself");
    }
    if (stream != null) {
      more(stream, list, ends);
    } else if (link.count() >= settings.maxStreams()) {
      throw H2Error.stream(id, Http2Error.REFUSED_STREAM, "too many streams at a time");
    } else {
      opened(id, list, ends);
    }
  }

  private Http2Headers decode(int id, ByteBuf encoded, boolean opens) throws H2Error {
    try {
      return headers.read(id, encoded);
    } catch (Http2Exception.HeaderListSizeException e) {
      if (opens) { // Says so in HTTP's words first (RFC 9113 section 10.5.1).
        link.writer().headers(id, new DefaultHttp2Headers().status("431"), true);
      }
      throw H2Error.stream(id, Http2Error.PROTOCOL_ERROR, "headers that are too large");
    } catch (Http2Exception e) {
      if (e instanceof Http2Exception.StreamException) {
        throw H2Error.stream(id, e.error(), String.valueOf(e.getMessage()));
      }
      throw H2Error.connection(e.error(), String.valueOf(e.getMessage()));
    }
  }

  private void opened(int id, Http2Headers list, boolean ends) throws H2Error {
    RequestHeads.check(id, list);
    H2LinkStream stream = link.accept(id);
    stream.finalHeadRead = true;
    stream.read();
    stream.expect(length(id, list));
    stream.headersArrived(list, ends);
  }

  private void more(H2LinkStream stream, Http2Headers list, boolean ends) throws H2Error {
    if (stream.remoteEnded) {
      throw H2Error.connection(Http2Error.STREAM_CLOSED, "HEADERS behind the stream's end");
    }
    if (stream.finalHeadRead) {
      RequestHeads.checkTrailers(stream.id, list, ends);
    } else {
      int status = RequestHeads.status(stream.id, list);
      if (status >= 200) {
        stream.finalHeadRead = true;
        if (stream.expectsLength(status)) {
          stream.expect(length(stream.id, list));
        }
      } else if (ends) {
        throw H2Error.stream(stream.id, Http2Error.PROTOCOL_ERROR, "an end before the answer");
      }
    }
    stream.headersArrived(list, ends);
  }

  /** What content-length says; -1 where it says nothing. */
  private static long length(int id, Http2Headers list) throws H2Error {
    CharSequence length = list.get(CONTENT_LENGTH);
    if (length == null) {
      return -1;
    }
    boolean one = list.getAll(CONTENT_LENGTH).size() == 1;
    if (!one || length.isEmpty() || length.length() > MAX_DIGITS) {
      throw H2Error.stream(id, Http2Error.PROTOCOL_ERROR, "not one content-length");
    }
    long value = 0;
    for (int i = 0; i < length.length(); i++) {
      int digit = length.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw H2Error.stream(id, Http2Error.PROTOCOL_ERROR, "content-length is no number");
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
