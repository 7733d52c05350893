package io.hostmesh.model.rules;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The one form of a path that is routed by, judged and sent on (RFC 3986 section 6.2): escapes of
 * unreserved characters are undone, other escapes written in upper case, dot segments resolved, and
 * slashes that follow each other merged. Pure.
 *
 * @param forwarded what is sent on
 * @param judged what patterns are compared with: as forwarded, but each character is written in one
 *     way only, escaped or not
 */
public record NormalPath(String forwarded, String judged) {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final String UNRESERVED = "-._~";

  /**
   * What may stand in a path unescaped, where it means the same as escaped (RFC 3986 section 3.3);
   * but not the star, which has a meaning in patterns.
   */
  private static final String SAFE = "!$&'()+,=:@";

  /** What some applications take for a border of segments once it is decoded, others not. */
  private static final String DIVIDING = "/\\;%";

  /** A path is one, or nobody can say which resource it means. */
  public sealed interface Reading {
    record Normal(NormalPath path) implements Reading {}

    /**
     * Applications would read it in different ways.
     *
     * @param why what is wrong, as the end of a sentence
     */
    record Ambiguous(String why) implements Reading {}
  }

  /** Whether a path is in normal form as it is; said fast, and true for nearly all. */
  public static boolean isNormal(String path) {
    int length = path.length();
    for (int i = 0; i < length; i++) {
      char c = path.charAt(i);
      if (c == '/') {
        char next = i + 1 < length ? path.charAt(i + 1) : 'a';
        if (next == '/' || next == '.') {
          return false; // Names that begin with a dot are rare, and looked at again.
        }
      } else if (!isUnreserved(c) && SAFE.indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean isUnreserved(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || UNRESERVED.indexOf(c) >= 0;
  }

  /**
   * Reads a path.
   *
   * @param path begins with a slash, has no query; one character a byte, as on the wire
   */
  public static Reading of(String path) {
    if (isNormal(path)) {
      return new Reading.Normal(new NormalPath(path, path));
    }
    StringBuilder forwarded = new StringBuilder(path.length());
    StringBuilder judged = new StringBuilder(path.length() + 16);
    Optional<String> wrong = decode(path, forwarded, judged);
    if (wrong.isEmpty()) {
      wrong = text(judged);
    }
    return wrong
        .<Reading>map(Reading.Ambiguous::new)
        .orElseGet(() -> resolved(forwarded.toString(), judged.toString()));
  }

  /**
   * A path that a rule made of one in normal form. Slashes that meet are one; but a dot segment is
   * nothing that the rule's writer thought of, and leads elsewhere than the rule says.
   *
   * @param made begins with a slash
   */
  public static Reading made(String made) {
    if (isNormal(made)) {
      return new Reading.Normal(new NormalPath(made, made));
    }
    return switch (of(made)) {
      case Reading.Normal _ when hasDotSegment(made) -> new Reading.Ambiguous("has a dot segment");
      case Reading reading -> reading;
    };
  }

  private static boolean hasDotSegment(String path) {
    for (String segment : path.replace("%2E", ".").replace("%2e", ".").split("/", -1)) {
      if (segment.equals(".") || segment.equals("..")) {
        return true;
      }
    }
    return false;
  }

  private static Optional<String> decode(
      String path, StringBuilder forwarded, StringBuilder judged) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '%') {
        int value = escape(path, i);
        if (value < 0) {
          return Optional.of("has a % that begins no escape");
        }
        if (value < ' ' || value == 0x7f) {
          return Optional.of("has an escaped control character");
        }
        if (DIVIDING.indexOf(value) >= 0) {
          return Optional.of("has an escaped " + (char) value);
        }
        if (isUnreserved(value)) {
          forwarded.append((char) value);
          judged.append((char) value);
        } else {
          escape(value, forwarded);
          add(value, judged);
        }
        i += 2;
      } else if (c <= ' ' || c == 0x7f || c > 0xff || c == '\\' || c == '#') {
        return Optional.of("has a " + (c == '\\' || c == '#' ? c : "character that no path has"));
      } else {
        forwarded.append(c);
        add(c, judged);
      }
    }
    return Optional.empty();
  }

  private static void add(int c, StringBuilder judged) {
    if (c == '/' || c == ';' || isUnreserved(c) || SAFE.indexOf(c) >= 0) {
      judged.append((char) c);
    } else {
      escape(c, judged);
    }
  }

  private static void escape(int value, StringBuilder to) {
    to.append('%').append(HEX.toHexDigits((byte) value));
  }

  /** The value of an escape, or -1. */
  private static int escape(String path, int percent) {
    if (percent + 2 >= path.length()) {
      return -1;
    }
    char high = path.charAt(percent + 1);
    char low = path.charAt(percent + 2);
    return HexFormat.isHexDigit(high) && HexFormat.isHexDigit(low)
        ? HexFormat.fromHexDigits(path, percent + 1, percent + 3)
        : -1;
  }

  /** What is no UTF-8 some decoders take for other characters, a slash among them. */
  private static Optional<String> text(CharSequence judged) {
    ByteBuffer bytes = ByteBuffer.allocate(judged.length());
    for (int i = 0; i < judged.length(); i++) {
      if (judged.charAt(i) == '%') {
        bytes.put((byte) HexFormat.fromHexDigits(judged, i + 1, i + 3));
        i += 2;
      } else {
        bytes.put((byte) judged.charAt(i));
      }
    }
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip());
      return Optional.empty();
    } catch (CharacterCodingException e) {
      return Optional.of("is no UTF-8");
    }
  }

  /** Both have the same slashes: none is escaped. */
  private static Reading resolved(String forwarded, String judged) {
    String[] sent = forwarded.split("/", -1);
    String[] read = judged.split("/", -1);
    List<String> sentKept = new ArrayList<>(sent.length);
    List<String> readKept = new ArrayList<>(read.length);
    for (int i = 1; i < read.length; i++) {
      String segment = read[i];
      boolean last = i == read.length - 1;
      if (segment.startsWith(".;") || segment.startsWith("..;")) {
        return new Reading.Ambiguous("has a dot segment with parameters");
      }
      if (segment.equals("..") && !readKept.isEmpty()) {
        sentKept.removeLast();
        readKept.removeLast();
      }
      boolean dots = segment.equals(".") || segment.equals("..");
      if (!dots && !segment.isEmpty()) {
        sentKept.add(sent[i]);
        readKept.add(segment);
      } else if (last) {
        sentKept.add(""); // It ends with a slash.
        readKept.add("");
      }
    }
    return new Reading.Normal(
        new NormalPath("/" + String.join("/", sentKept), "/" + String.join("/", readKept)));
  }

  /** Whether segments have parameters, which some applications leave out of the path. */
  public static boolean hasParameters(String judged) {
    return judged.indexOf(';') >= 0;
  }

  /** The judged path as it is read by applications that leave parameters out. */
  public static String withoutParameters(String judged) {
    StringBuilder path = new StringBuilder(judged.length());
    boolean inParameters = false;
    for (int i = 0; i < judged.length(); i++) {
      char c = judged.charAt(i);
      inParameters = c == ';' || (inParameters && c != '/');
      boolean merged = c == '/' && !path.isEmpty() && path.charAt(path.length() - 1) == '/';
      if (!inParameters && !merged) {
        path.append(c);
      }
    }
    return path.toString();
  }

  /**
   * A pattern's literal as paths are judged: its characters may be written escaped or not.
   *
   * @param prefix whether its last segment may go on
   * @throws IllegalArgumentException where no path in normal form can be like it
   */
  static String literal(String written, boolean prefix) {
    String bytes =
        new String(written.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    StringBuilder judged = new StringBuilder(bytes.length() + 16);
    Optional<String> wrong = decode(bytes.replace(" ", "%20"), new StringBuilder(), judged);
    String text = judged.toString();
    if (wrong.isEmpty() && text.contains("//")) {
      wrong = Optional.of("has an empty segment, and paths are judged with slashes merged");
    }
    String[] segments = text.split("/", -1);
    for (int i = 0; i < (prefix ? segments.length - 1 : segments.length); i++) {
      String name = segments[i].split(";", 2)[0];
      if (wrong.isEmpty() && (name.equals(".") || name.equals(".."))) {
        wrong = Optional.of("has a dot segment, and paths are judged with those resolved");
      }
    }
    if (wrong.isPresent()) {
      throw new IllegalArgumentException(
          "path \"" + written + "\" " + wrong.get() + ", so no request would ever match it");
    }
    return text;
  }
}
