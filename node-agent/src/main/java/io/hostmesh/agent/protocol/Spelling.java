package io.hostmesh.agent.protocol;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * How the names of headers were written, in their order: between agents, whose HTTP/2 knows lower
 * case only, one header carries it, and the names come out as they went in. Applications neither
 * send nor see it.
 */
public final class Spelling {
  public static final AsciiString HEADER = AsciiString.cached("hostmesh-names");

  private final String names;
  private int at;

  private Spelling(String names) {
    this.names = names;
  }

  /** Reads such a header's value, which may be missing. */
  static Spelling of(@Nullable CharSequence value) {
    return new Spelling(value == null ? "" : value.toString());
  }

  /** Whether there are names yet; never where the peer told none. */
  boolean hasNext() {
    return at < names.length();
  }

  /** Whether the next name is this one. */
  boolean isNext(CharSequence name) {
    int end = at + name.length();
    return hasNext()
        && end <= names.length()
        && (end == names.length() || names.charAt(end) == ',')
        && AsciiString.regionMatches(names, true, at, name, 0, name.length());
  }

  /** The next name, as it was written, where it is this one; otherwise this one. */
  CharSequence take(CharSequence name) {
    if (!isNext(name)) {
      return name;
    }
    String written = names.substring(at, at + name.length());
    at += name.length() + 1;
    return written;
  }

  /** Collects names; empty where all of them are in lower case anyway. */
  static final class Writer {
    private final StringBuilder names = new StringBuilder(128);
    private boolean needed;

    void add(CharSequence written, boolean lower) {
      needed |= !lower;
      names.append(names.isEmpty() ? "" : ",").append(written);
    }

    boolean needed() {
      return needed;
    }

    @Override
    public String toString() {
      return names.toString();
    }
  }
}
