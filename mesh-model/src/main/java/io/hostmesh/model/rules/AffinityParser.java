package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.Optional;

/** Reads {@code affinity { ... }} of {@code kind = upstream}. */
final class AffinityParser {
  private static final String COOKIE = "hostmesh-affinity";
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(365);

  private AffinityParser() {}

  static Affinity affinity(Section section) {
    String cookie = section.string("cookie", COOKIE);
    if (!Values.isHeaderName(cookie)) { // Both are tokens: RFC 6265 section 4.1.1.
      throw section.refuse("cookie", "\"" + cookie + "\" is not a cookie's name");
    }
    Optional<Duration> ttl = section.optionalDuration("ttl");
    if (ttl.filter(t -> t.compareTo(SHORTEST) < 0 || t.compareTo(LONGEST) > 0).isPresent()) {
      throw section.refuse("ttl", "is not within 1s to 365d");
    }
    String path = section.string("path", "/");
    if (!path.startsWith("/") || path.chars().anyMatch(c -> c <= ' ' || c >= 127 || c == ';')) {
      throw section.refuse(
          "path",
          "\"" + path + "\" is not a cookie's path: it begins with /, without ; and blanks");
    }
    section.end();
    return new Affinity(cookie, ttl, path);
  }
}
