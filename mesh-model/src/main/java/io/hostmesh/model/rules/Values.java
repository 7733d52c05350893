package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Values that several kinds of rules have. */
final class Values {
  /** What may stand in a metric's label and a log line without being escaped. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private static final Pattern GRPC =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*/([A-Za-z_][A-Za-z0-9_]*|\\*)");

  private Values() {}

  /** A list, or one value for a list of one; empty only where the key is not there. */
  static <T> List<T> of(Section section, String key, Function<String, T> parse) {
    List<String> texts = section.strings(key);
    // "None of the methods" must not read as "all": the empty list means all later on.
    if (section.has(key) && texts.isEmpty()) {
      throw section.refuse(key, "an empty list would allow nothing; leave it out to allow all");
    }
    return texts.stream().map(text -> parsed(section, key, text, parse)).toList();
  }

  static <T> T parsed(Section section, String key, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin(key), String.valueOf(e.getMessage()), e);
    }
  }

  /** What logs and metrics call a part of a rule. */
  static String name(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a name: use 1 to 63 letters, digits, dots and hyphens");
    }
    return text;
  }

  static String method(String text) {
    if (!TOKEN.matcher(text).matches()) {
      throw new IllegalArgumentException("\"" + text + "\" is not an HTTP method");
    }
    return text.toUpperCase(Locale.ROOT);
  }

  /** RFC 9110 section 5.1. */
  static boolean isHeaderName(String text) {
    return TOKEN.matcher(text).matches();
  }

  /** A key that is the name of a header. */
  static void headerName(Section section, String name) {
    if (!isHeaderName(name)) {
      throw section.refuse(name, "\"" + name + "\" is not a header name");
    }
  }

  /** A call of gRPC is a request for {@code /package.Service/Method}. */
  static PathPattern grpc(String text) {
    if (!GRPC.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a gRPC method: write package.Service/Method or package.Service/*");
    }
    return new PathPattern("/" + text);
  }

  /** A service, which without a namespace is of the namespace of another one. */
  static ServiceName serviceNear(String text, ServiceName near) {
    return text.indexOf('/') < 0
        ? new ServiceName(near.namespace(), text)
        : ServiceName.parse(text);
  }
}
