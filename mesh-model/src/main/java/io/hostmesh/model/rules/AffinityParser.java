package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads {@code affinity { ... }} of {@code kind = upstream}. */
final class AffinityParser {
  private static final String COOKIE = "hostmesh-affinity";

  /** Section 4.1.3 of the draft that follows RFC 6265 ("6265bis"). */
  private static final List<String> PREFIXES = List.of("__Host-", "__Secure-");

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(365);

  private AffinityParser() {}

  static Affinity affinity(Section section) {
    String cookie = section.string("cookie", COOKIE);
    if (!Values.isHeaderName(cookie)) { // Both are tokens: RFC 6265 section 4.1.1.
      throw section.refuse("cookie", "\"" + cookie + "\" is not a cookie's name");
    }
    if (PREFIXES.stream().anyMatch(each -> cookie.regionMatches(true, 0, each, 0, each.length()))) {
      throw section.refuse(
          "cookie",
          "\""
              + cookie
              + "\" begins with a prefix that browsers accept of Secure cookies only, and between"
              + " services the mesh sets none; take another name");
    }
    Optional<Duration> ttl = section.optionalDuration("ttl");
    if (ttl.filter(t -> t.compareTo(SHORTEST) < 0 || t.compareTo(LONGEST) > 0).isPresent()) {
      throw section.refuse("ttl", section.string("ttl", "") + " is not within 1s to 365d");
    }
    if (ttl.filter(t -> t.toNanosPart() != 0).isPresent()) {
      throw section.refuse(
          "ttl", section.string("ttl", "") + " is not in whole seconds, which cookies have");
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
