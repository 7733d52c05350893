package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a head, strictly (RFC 9112 sections 2 to 5): what two parsers could read in two ways
 * is refused. Most of a head's lines are those of the head before on the same connection: these are
 * recognised by their bytes, and what was read of them then is used again. Not for several threads.
 */
final class H1Head {
  private static final int KNOWN_LINES = 32;

  /** Longer ones are not remembered, so that a connection that waits costs little. */
  private static final int KNOWN_LENGTH = 256;

  private static final HttpMethod[] METHODS = {
    HttpMethod.GET,
    HttpMethod.POST,
    HttpMethod.PUT,
    HttpMethod.HEAD,
    HttpMethod.DELETE,
    HttpMethod.PATCH,
    HttpMethod.OPTIONS,
    HttpMethod.CONNECT
  };
  private static final boolean[] TOKEN = tokens();
  private static final byte[] HTTP_1 = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

  /** What the first line of a request or an answer says. */
  record FirstLine(
      HttpVersion version,
      @Nullable HttpMethod method,
      String target,
      @Nullable HttpResponseStatus status) {}

  /** No header's line is empty, so an empty one is none. */
  private static final byte[] NONE = {};

  private final byte[][] knownLines = new byte[KNOWN_LINES][];
  private AsciiString[] names = new AsciiString[KNOWN_LINES];
  private AsciiString[] values = new AsciiString[KNOWN_LINES];
  private byte @Nullable [] knownFirst;
  private @Nullable FirstLine first;
  private int count;

  H1Head() {
    Arrays.fill(knownLines, NONE);
  }

  private static boolean[] tokens() {
    boolean[] tokens = new boolean[256];
    for (char c = '0'; c <= 'z'; c++) {
      tokens[c] = Character.isLetterOrDigit(c);
    }
    for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
      tokens[c] = true;
    }
    return tokens;
  }

  /** Begins with another head's headers. */
  void begin() {
    count = 0;
  }

  /** The headers that were read since {@link #begin}. */
  FlatHeaders headers() {
    FlatHeaders headers = new FlatHeaders(names, values, count);
    for (int i = 0; i < count; i++) {
      if (i >= KNOWN_LINES || knownLines[i].length == 0) {
        Arrays.fill(names, i, i + 1, null);
        Arrays.fill(values, i, i + 1, null);
      }
    }
    return headers;
  }

  /** Reads a request's first line, without its line end. */
  FirstLine requestLine(byte[] in, int from, int to) throws H1Malformed {
    FirstLine known = first;
    if (known != null && isFirst(in, from, to)) {
      return known;
    }
    int methodEnd = from;
    while (methodEnd < to && TOKEN[in[methodEnd] & 0xff]) {
      methodEnd++;
    }
    int targetEnd = methodEnd + 1;
    while (targetEnd < to && in[targetEnd] != ' ') {
      int c = in[targetEnd] & 0xff;
      if (c < ' ' || c == 0x7f) {
        throw H1Malformed.of("a control character in the request line");
      }
      targetEnd++;
    }
    if (methodEnd == from
        || methodEnd >= to
        || in[methodEnd] != ' '
        || targetEnd == methodEnd + 1
        || targetEnd >= to) {
      throw H1Malformed.of(
          "the request line is not a method, a target and a version with one space between");
    }
    HttpVersion version = version(in, targetEnd + 1, to);
    HttpMethod method = method(in, from, methodEnd);
    String target =
        new String(in, methodEnd + 1, targetEnd - methodEnd - 1, StandardCharsets.ISO_8859_1);
    return remember(in, from, to, new FirstLine(version, method, target, null));
  }

  /** Reads an answer's first line, without its line end. */
  FirstLine statusLine(byte[] in, int from, int to) throws H1Malformed {
    FirstLine known = first;
    if (known != null && isFirst(in, from, to)) {
      return known;
    }
    int version = from + 8;
    if (to - from < 12 || in[version] != ' ' || (to > from + 12 && in[from + 12] != ' ')) {
      throw H1Malformed.of("the status line is not a version, a status and a reason");
    }
    int code = 0;
    for (int i = from + 9; i < from + 12; i++) {
      int digit = in[i] - '0';
      if (digit < 0 || digit > 9) {
        throw H1Malformed.of("the status is no number");
      }
      code = code * 10 + digit;
    }
    if (code < 100) {
      throw H1Malformed.of("status " + code);
    }
    for (int i = from + 12; i < to; i++) {
      text(in[i] & 0xff, "the reason");
    }
    String reason =
        to > from + 13
            ? new String(in, from + 13, to - from - 13, StandardCharsets.ISO_8859_1)
            : "";
    HttpResponseStatus standard = HttpResponseStatus.valueOf(code);
    HttpResponseStatus status =
        standard.reasonPhrase().equals(reason) ? standard : new HttpResponseStatus(code, reason);
    return remember(in, from, to, new FirstLine(version(in, from, version), null, "", status));
  }

  private boolean isFirst(byte[] in, int from, int to) {
    byte[] known = knownFirst;
    return known != null && Arrays.equals(known, 0, known.length, in, from, to);
  }

  private FirstLine remember(byte[] in, int from, int to, FirstLine line) {
    if (to - from <= KNOWN_LENGTH) {
      knownFirst = Arrays.copyOfRange(in, from, to);
      first = line;
    }
    return line;
  }

  private static HttpVersion version(byte[] in, int from, int to) throws H1Malformed {
    if (to - from == 8 && Arrays.equals(HTTP_1, 0, 7, in, from, from + 7)) {
      if (in[from + 7] == '1') {
        return HttpVersion.HTTP_1_1;
      }
      if (in[from + 7] == '0') {
        return HttpVersion.HTTP_1_0;
      }
    }
    throw H1Malformed.of("the version is neither HTTP/1.1 nor HTTP/1.0");
  }

  private static HttpMethod method(byte[] in, int from, int to) {
    for (HttpMethod method : METHODS) {
      AsciiString name = method.asciiName();
      if (name.length() == to - from
          && Arrays.equals(
              name.array(), name.arrayOffset(), name.arrayOffset() + name.length(), in, from, to)) {
        return method;
      }
    }
    return HttpMethod.valueOf(new String(in, from, to - from, StandardCharsets.US_ASCII));
  }

  /** Reads a header's line, without its line end. */
  void header(byte[] in, int from, int to) throws H1Malformed {
    int line = count;
    if (line < KNOWN_LINES) {
      byte[] known = knownLines[line];
      if (Arrays.equals(known, 0, known.length, in, from, to)) {
        count++;
        return;
      }
      knownLines[line] = NONE;
    } else if (line == names.length) {
      names = Arrays.copyOf(names, 2 * line);
      values = Arrays.copyOf(values, 2 * line);
    }
    int colon = from;
    while (colon < to && TOKEN[in[colon] & 0xff]) {
      colon++;
    }
    if (colon == from || colon == to || in[colon] != ':') {
      boolean folded = from < to && (in[from] == ' ' || in[from] == '\t');
      throw H1Malformed.of(
          folded ? "a header continued on a second line" : "a header without a well-formed name");
    }
    int begin = colon + 1;
    while (begin < to && isBlank(in[begin])) {
      begin++;
    }
    int end = to;
    while (end > begin && isBlank(in[end - 1])) {
      end--;
    }
    for (int i = begin; i < end; i++) {
      text(in[i] & 0xff, "a header's value");
    }
    names[line] = new AsciiString(in, from, colon - from, true);
    values[line] = new AsciiString(in, begin, end - begin, true);
    if (line < KNOWN_LINES && to - from <= KNOWN_LENGTH) {
      knownLines[line] = Arrays.copyOfRange(in, from, to);
    }
    count++;
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t';
  }

  private static void text(int c, String where) throws H1Malformed {
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      throw H1Malformed.of("a control character in " + where);
    }
  }

  /** A line that is longer than this agent takes. */
  static H1Malformed tooLong(boolean firstLine) {
    return firstLine
        ? H1Malformed.of(Failure.Kind.TARGET_TOO_LONG, "the request's target is too long")
        : H1Malformed.of(Failure.Kind.HEAD_TOO_LARGE, "the request's headers are too large");
  }
}
