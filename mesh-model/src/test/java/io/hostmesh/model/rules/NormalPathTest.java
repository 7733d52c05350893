package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A path has one meaning for everybody who reads it, or none. */
class NormalPathTest {
  private static Optional<NormalPath> normal(String path) {
    return switch (NormalPath.of(path)) {
      case NormalPath.Reading.Normal(NormalPath read) -> Optional.of(read);
      case NormalPath.Reading.Ambiguous _ -> Optional.empty();
    };
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/a/b.c/d_e~f, /a/b.c/d_e~f",
    "/%61%2d%7E, /a-~",
    "/a%2fb, ",
    "/caf%c3%a9, /caf%C3%A9",
    "/a/./b, /a/b",
    "/a/../b, /b",
    "/a/%2e%2E/b, /b",
    "/../../a, /a",
    "/a/.., /",
    "/a/b/., /a/b/",
    "//a///b//, /a/b/",
    "/a//../b, /b",
    "/.a/..b/c./..., /.a/..b/c./...",
    "/a%21b, /a%21b",
    "/a;b=1/c, /a;b=1/c",
    "/{a}, /{a}",
  })
  void oneFormIsSentOn(String path, String forwarded) {
    assertThat(normal(path).map(NormalPath::forwarded)).isEqualTo(Optional.ofNullable(forwarded));
  }

  @ParameterizedTest
  @CsvSource({"/a%21b, /a!b", "/{a}, /%7Ba%7D", "/%7ba%7D, /%7Ba%7D", "/a*, /a%2A"})
  void aCharacterIsJudgedTheSameEscapedOrNot(String path, String judged) {
    assertThat(normal(path).map(NormalPath::judged)).contains(judged);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/a%2fb",
        "/a%5Cb",
        "/a\\b",
        "/a%00",
        "/a%0a",
        "/%252e",
        "/a%zz",
        "/a%2",
        "/a%",
        "/a#b",
        "/a%3Bb",
        "/..;/a",
        "/.;x/a",
        "/a/..;x=y/b",
        "/a%c0%af",
        "/a%e0%80%af",
        "/a%ff",
        "/a b",
        "/a\u0007",
        "/a\u007f"
      })
  void whatIsReadInTwoWaysIsNoPath(String path) {
    assertThat(normal(path)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/a/../b", "/a//b", "/./", "/a\\b", "/a%2Fb", "/%252e", "/a/..;/b", "/.."})
  void aPatternThatCouldNeverMatchIsRefused(String pattern) {
    assertThatThrownBy(() -> new PathPattern(pattern))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("so no request would ever match it");
  }

  @ParameterizedTest
  @CsvSource({
    "/caf\u00e9, /caf%c3%a9, true",
    "/a b, /a%20b, true",
    "/a%20b, /a%20b, true",
    "/a!*, /a%21/x, true",
    "/.*, /.git/config, true",
    "/..*, /..x, true",
    "/a%2A, /a*, true",
    "/a%2A, /ab, false",
    "/{id}, /%7Bid%7D, true",
  })
  void aPatternIsWrittenEitherWay(String pattern, String path, boolean matches) {
    PathPattern written = new PathPattern(pattern);

    assertThat(written.matches(normal(path).orElseThrow().judged())).isEqualTo(matches);
    assertThat(new PathPattern(written.text())).isEqualTo(written);
  }

  /** How programs read paths, by their own documentation; empty where they refuse one. */
  private static final List<Function<String, Optional<String>>> READERS =
      List.of(
          // Go's ServeMux: decoded once, then cleaned.
          path -> decoded(path).map(NormalPathTest::cleaned),
          // nginx (merge_slashes on): the same, backslashes are ordinary.
          path -> decoded(path).map(NormalPathTest::cleaned),
          // Tomcat: parameters go before it decodes; backslashes are slashes to older ones.
          path -> decoded(path.replaceAll(";[^/]*", "")).map(p -> cleaned(p.replace('\\', '/'))),
          // A front that decodes and an application that does so again.
          path -> decoded(path).flatMap(NormalPathTest::decoded).map(NormalPathTest::cleaned),
          // Decoded first, then parameters go.
          path -> decoded(path).map(p -> cleaned(p.replaceAll(";[^/]*", ""))));

  private static Optional<String> decoded(String path) {
    StringBuilder decoded = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c != '%') {
        decoded.append(c);
      } else if (path.substring(i).matches("(?s)%[0-9a-fA-F]{2}.*")) {
        decoded.append((char) Integer.parseInt(path.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        return Optional.empty();
      }
    }
    return decoded.indexOf("\0") >= 0 ? Optional.empty() : Optional.of(decoded.toString());
  }

  private static String cleaned(String path) {
    List<String> kept = new ArrayList<>();
    String[] segments = path.split("/", -1);
    for (int i = 1; i < segments.length; i++) {
      String segment = segments[i];
      boolean last = i == segments.length - 1;
      if (segment.equals("..")) {
        if (!kept.isEmpty()) {
          kept.removeLast();
        }
      }
      boolean none = segment.isEmpty() || segment.equals(".") || segment.equals("..");
      if (!none || last) {
        kept.add(none ? "" : segment);
      }
    }
    return "/" + String.join("/", kept);
  }

  private static boolean covers(String pattern, String resource) {
    String bytes =
        new String(pattern.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return bytes.endsWith("*")
        ? resource.startsWith(bytes.substring(0, bytes.length() - 1))
        : resource.equals(bytes);
  }

  private static final List<String> PATTERNS =
      List.of("/a", "/a/*", "/b/a", "/b*", "/a!b", "/a b/*", "/\u00e9/*", "/.a*", "/b/", "/*");

  private static final String[] PIECES = {
    "/",
    "/",
    "/",
    "a",
    "b",
    ".",
    "..",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "\\",
    ";",
    "%3b",
    "%25",
    "2e",
    "%61",
    "%21",
    "!",
    "%20",
    "\u00c3\u00a9",
    "%c3%a9",
    "%c0%af",
    "%00",
    "*",
    "?"
  };

  /** The judge's answer is that of every program that gets the path, whatever was sent. */
  @Property(tries = 20_000)
  void nobodyReadsAPathThatWasJudgedOtherwise(@ForAll @Size(max = 10) List<Integer> picks) {
    StringBuilder sent = new StringBuilder("/");
    picks.forEach(pick -> sent.append(PIECES[Math.floorMod(pick, PIECES.length - 1)]));
    normal(sent.toString())
        .ifPresent(
            path -> {
              String bare = NormalPath.withoutParameters(path.judged());
              assertThat(normal(path.forwarded())).as("again").contains(path);
              for (String text : PATTERNS) {
                PathPattern pattern = new PathPattern(text);
                boolean denied = pattern.matches(path.judged()) || pattern.matches(bare);
                boolean allowed = pattern.matches(path.judged()) && pattern.matches(bare);
                for (Function<String, Optional<String>> reader : READERS) {
                  reader
                      .apply(path.forwarded())
                      .ifPresent(
                          resource -> {
                            String case_ = sent + " as " + path + " is " + resource;
                            assertThat(denied || !covers(text, resource)).as(case_).isTrue();
                            assertThat(!allowed || covers(text, resource)).as(case_).isTrue();
                          });
                }
              }
            });
  }
}
