package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of an HTTP/1.1 connection, strictly: a head as soon as it is whole, a body as
 * it comes, without a copy. Used by its event loop only.
 */
public final class H1Reader {
  /** Who gets the parts. */
  public interface Sink {
    /**
     * Takes a part over.
     *
     * @return whether what follows may be read on
     */
    boolean part(HttpObject part);
  }

  private enum At {
    HEAD,
    LENGTH,
    CHUNKS,
    TRAILERS,
    UNTIL_CLOSE,
    RAW
  }

  private static final int SCRATCH_BYTES = 4096;

  /**
   * Where a head is looked at: one for a loop, since most connections wait for one most of the
   * time.
   */
  private static final FastThreadLocal<byte[]> SCRATCH =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[SCRATCH_BYTES];
        }
      };

  private static final byte LF = '\n';
  private static final byte CR = '\r';

  private final boolean requests;
  private final HttpLimits limits;
  private final Sink sink;
  private final H1Head head = new H1Head();
  private final H1Chunks chunks = new H1Chunks();
  private @Nullable ByteBuf unread;
  private At at = At.HEAD;
  private long left;
  private int scanned;
  private int lineStart;
  private boolean reading;
  private boolean stopped;
  private boolean bodyless;
  private boolean broken;

  /**
   * @param requests whether requests are read, not answers
   */
  public H1Reader(boolean requests, HttpLimits limits, Sink sink) {
    this.requests = requests;
    this.limits = limits;
    this.sink = sink;
  }

  /** The next answer has no body, whatever its head says: the request was HEAD. */
  public void nextIsBodyless(boolean headAsked) {
    bodyless = headAsked;
  }

  /** Whether a head has begun and is not whole. */
  boolean isInHead() {
    return at == At.HEAD && hasUnread();
  }

  /** Whether more has come than was read. */
  boolean hasUnread() {
    return unread != null && unread.isReadable();
  }

  /** Reads what has come, which is taken over, until the sink wants no more. */
  public void read(ByteBufAllocator alloc, ByteBuf in) throws H1Malformed {
    if (broken) {
      in.release();
      return;
    }
    ByteBuf before = unread;
    unread = before == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(alloc, before, in);
    readOn();
  }

  /** Reads on in what had come before, after the sink had wanted no more. */
  public void readOn() throws H1Malformed {
    if (reading) {
      stopped = false;
      return;
    }
    reading = true;
    stopped = false;
    try {
      while (!stopped && unread != null && step(unread)) {
        // Until there is too little, or too much.
      }
    } catch (H1Malformed e) {
      broken = true;
      release();
      throw e;
    } finally {
      reading = false;
      if (unread != null && !unread.isReadable()) {
        release();
      }
    }
  }

  /** Forgets what was not read. */
  public void release() {
    ByteBuf rest = unread;
    unread = null;
    scanned = 0;
    if (rest != null) {
      rest.release();
    }
  }

  /** From here on there are no messages, only bytes. */
  public void becomeRaw() {
    at = At.RAW;
  }

  /**
   * The peer sends no more.
   *
   * @return whether that is in order: between messages, or where it ends the answer
   */
  public boolean inputEnded() {
    if (at == At.UNTIL_CLOSE) {
      at = At.HEAD;
      sink.part(LastHttpContent.EMPTY_LAST_CONTENT);
      return true;
    }
    return at == At.HEAD && (unread == null || !unread.isReadable());
  }

  private boolean step(ByteBuf in) throws H1Malformed {
    if (!in.isReadable()) {
      return false;
    }
    return switch (at) {
      case HEAD -> head(in);
      case LENGTH -> length(in);
      case CHUNKS -> chunk(in);
      case TRAILERS -> trailers(in);
      case UNTIL_CLOSE, RAW -> {
        pass(new DefaultHttpContent(in.readRetainedSlice(in.readableBytes())));
        yield true;
      }
    };
  }

  private void pass(HttpObject part) {
    if (!sink.part(part)) {
      stopped = true;
    }
  }

  // Heads.

  private boolean head(ByteBuf in) throws H1Malformed {
    if (scanned == 0) {
      skipEmptyLines(in);
    }
    int length = wholeHead(in, true);
    if (length < 0) {
      return false;
    }
    byte[] bytes = take(in, length);
    head.begin();
    int firstEnd = lineEnd(bytes, 0, length);
    if (bytes[firstEnd + 1] != LF) {
      throw H1Malformed.of("a bare CR in the first line");
    }
    H1Head.FirstLine first =
        requests ? head.requestLine(bytes, 0, firstEnd) : head.statusLine(bytes, 0, firstEnd);
    fields(head, "a header", bytes, firstEnd + 2, length);
    FlatHeaders headers = head.headers();
    if (first.method() != null) {
      begin(first.version(), headers, false, false);
      pass(new DefaultHttpRequest(first.version(), first.method(), first.target(), headers));
    } else if (first.status() != null) {
      int code = first.status().code();
      begin(first.version(), headers, bodyless || code < 200 || code == 204 || code == 304, true);
      if (code >= 200 || code == 101) {
        bodyless = false;
      }
      pass(new DefaultHttpResponse(first.version(), first.status(), headers));
    }
    if (at == At.HEAD) {
      pass(LastHttpContent.EMPTY_LAST_CONTENT);
    }
    return true;
  }

  /** Empty lines before a head are let pass (RFC 9112 section 2.2). */
  private static void skipEmptyLines(ByteBuf in) {
    while (in.isReadable()) {
      byte c = in.getByte(in.readerIndex());
      if (c != CR && c != LF) {
        return;
      }
      in.skipBytes(1);
    }
  }

  /** The bytes up to and with the empty line; negative where it has not come yet. */
  private int wholeHead(ByteBuf in, boolean firstLine) throws H1Malformed {
    int start = in.readerIndex();
    int end = in.writerIndex();
    int from = start + scanned;
    int lf = in.indexOf(from, end, LF);
    while (lf >= 0) {
      int line = start + lineStart;
      if (lf == line || in.getByte(lf - 1) != CR) {
        throw H1Malformed.of("a line that does not end with CR LF");
      }
      limit(lf - line, lf - start, firstLine);
      lineStart = lf + 1 - start;
      if (lf == line + 1) {
        scanned = 0;
        lineStart = 0;
        return lf + 1 - start;
      }
      lf = in.indexOf(lf + 1, end, LF);
    }
    scanned = end - start;
    limit(end - start - lineStart, end - start, firstLine);
    return -1;
  }

  private void limit(int line, int all, boolean firstLine) throws H1Malformed {
    if (firstLine && lineStart == 0) {
      if (line > limits.targetBytes()) {
        throw H1Head.tooLong(true);
      }
    } else if (all > limits.targetBytes() + limits.headBytes() || line > limits.headBytes()) {
      throw H1Head.tooLong(false);
    }
  }

  /** The bytes, for so long as no other head is read: none is while they are looked at. */
  private static byte[] take(ByteBuf in, int length) {
    byte[] bytes = length <= SCRATCH_BYTES ? SCRATCH.get() : new byte[length];
    in.readBytes(bytes, 0, length);
    return bytes;
  }

  private static int lineEnd(byte[] in, int from, int to) {
    int i = from;
    while (i < to && in[i] != CR) {
      i++;
    }
    return i;
  }

  private static void fields(H1Head lines, String what, byte[] in, int from, int to)
      throws H1Malformed {
    int line = from;
    while (line < to - 2) {
      int end = lineEnd(in, line, to);
      if (in[end + 1] != LF) {
        throw H1Malformed.of("a bare CR in " + what);
      }
      lines.header(in, line, end);
      line = end + 2;
    }
  }

  // Bodies.

  /** Finds out where the body ends (RFC 9112 section 6.3); two answers to that are none. */
  private void begin(HttpVersion version, HttpHeaders headers, boolean none, boolean answer)
      throws H1Malformed {
    List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    List<String> lengths = headers.getAll(HttpHeaderNames.CONTENT_LENGTH);
    if (!codings.isEmpty()) {
      if (!lengths.isEmpty()) {
        throw H1Malformed.of("both Content-Length and Transfer-Encoding");
      }
      if (version.equals(HttpVersion.HTTP_1_0)) {
        throw H1Malformed.of("Transfer-Encoding in HTTP/1.0");
      }
    }
    if (lengths.size() > 1) {
      throw H1Malformed.of("more than one Content-Length");
    }
    left = lengths.isEmpty() ? 0 : number(lengths.getFirst());
    if (none) {
      at = At.HEAD;
    } else if (!codings.isEmpty()) {
      at = At.CHUNKS;
      chunks.begin();
    } else if (!lengths.isEmpty()) {
      at = left == 0 ? At.HEAD : At.LENGTH;
    } else {
      at = answer ? At.UNTIL_CLOSE : At.HEAD;
    }
  }

  private static long number(String text) throws H1Malformed {
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw H1Malformed.of("Content-Length is no number");
      }
      value = value * 10 + digit;
    }
    if (text.isEmpty() || text.length() > 18) {
      throw H1Malformed.of("Content-Length is no number");
    }
    return value;
  }

  private boolean length(ByteBuf in) {
    int size = (int) Math.min(left, in.readableBytes());
    left -= size;
    ByteBuf bytes = in.readRetainedSlice(size);
    if (left == 0) {
      at = At.HEAD;
      pass(new DefaultLastHttpContent(bytes, LastHttpContent.EMPTY_LAST_CONTENT.trailingHeaders()));
    } else {
      pass(new DefaultHttpContent(bytes));
    }
    return true;
  }

  private boolean chunk(ByteBuf in) throws H1Malformed {
    long data = chunks.data();
    if (data > 0) {
      int size = (int) Math.min(data, in.readableBytes());
      chunks.taken(size);
      pass(new DefaultHttpContent(in.readRetainedSlice(size)));
      return true;
    }
    while (in.isReadable() && chunks.data() == 0 && !chunks.atTrailers()) {
      chunks.next(in.readByte());
    }
    if (chunks.atTrailers()) {
      at = At.TRAILERS;
      scanned = 0;
      lineStart = 0;
    }
    return true;
  }

  private boolean trailers(ByteBuf in) throws H1Malformed {
    int length = wholeHead(in, false);
    if (length < 0) {
      return false;
    }
    at = At.HEAD;
    if (length == 2) {
      in.skipBytes(2);
      pass(LastHttpContent.EMPTY_LAST_CONTENT);
      return true;
    }
    byte[] bytes = take(in, length);
    H1Head lines = new H1Head(); // Trailers are rare, and shall not displace what a head taught.
    lines.begin();
    fields(lines, "a trailer", bytes, 0, length);
    pass(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, lines.headers()));
    return true;
  }
}
