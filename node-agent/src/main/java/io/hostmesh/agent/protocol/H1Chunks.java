package io.hostmesh.agent.protocol;

/**
 * The chunked coding, strictly (RFC 9112 section 7.1), byte by byte but for the data. Not for
 * several threads.
 */
final class H1Chunks {
  private static final int MAX_SIZE_DIGITS = 8;
  private static final int MAX_EXTENSION = 4096;

  private enum At {
    SIZE,
    EXTENSION,
    SIZE_END,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILERS
  }

  private At at = At.SIZE;
  private int digits;
  private int extension;
  private long remaining;

  /** The next byte begins a body. */
  void begin() {
    at = At.SIZE;
    digits = 0;
    extension = 0;
    remaining = 0;
  }

  /** How many bytes of data come next; 0 where something else does. */
  long data() {
    return at == At.DATA ? remaining : 0;
  }

  /** So many bytes of data were taken. */
  void taken(int bytes) {
    remaining -= bytes;
    if (remaining == 0) {
      at = At.DATA_CR;
    }
  }

  /** Whether all chunks are over, and trailers or an empty line come next. */
  boolean atTrailers() {
    return at == At.TRAILERS;
  }

  /** The next byte, which is no data. */
  void next(byte c) throws H1Malformed {
    switch (at) {
      case SIZE -> size(c);
      case EXTENSION -> {
        require(
            c == '\t' || c == '\r' || ((c & 0xff) >= ' ' && c != 0x7f),
            "a control character in a chunk's extension");
        require(++extension <= MAX_EXTENSION, "a chunk's extension is too long");
        at = c == '\r' ? At.SIZE_END : At.EXTENSION;
      }
      case SIZE_END -> {
        require(c == '\n', "a chunk's size line does not end with CR LF");
        at = remaining == 0 ? At.TRAILERS : At.DATA;
      }
      case DATA_CR -> {
        require(c == '\r', "a chunk does not end with CR LF");
        at = At.DATA_LF;
      }
      case DATA_LF -> {
        require(c == '\n', "a chunk does not end with CR LF");
        begin();
      }
      case DATA, TRAILERS -> throw new IllegalStateException("not of the coding: " + at);
    }
  }

  private void size(byte c) throws H1Malformed {
    int digit = c < 0 ? -1 : Character.digit(c, 16);
    if (digit >= 0) {
      digits++;
      require(digits <= MAX_SIZE_DIGITS, "a chunk's size is too long");
      remaining = remaining * 16 + digit;
      return;
    }
    require(digits > 0 && (c == ';' || c == '\r'), "a chunk's size is not hexadecimal");
    at = c == ';' ? At.EXTENSION : At.SIZE_END;
  }

  private static void require(boolean holds, String otherwise) throws H1Malformed {
    if (!holds) {
      throw H1Malformed.of(otherwise);
    }
  }
}
