package io.hostmesh.model.hocon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A mistake in a document is answered with its place and with what would be right. */
class SectionTest {
  private static Section parse(String text) {
    return Section.parse("a.conf", text);
  }

  @Test
  void readsEveryKindOfValue() {
    Section section =
        parse("name = web, port = 80, on = true, wait = 2s, size = 1KiB, list = [ a, b ], one = a");
    assertThat(section.string("name")).isEqualTo("web");
    assertThat(section.port("port")).isEqualTo(80);
    assertThat(section.bool("on", false)).isTrue();
    assertThat(section.duration("wait", Duration.ZERO)).isEqualTo(Duration.ofSeconds(2));
    assertThat(section.bytes("size", 0)).isEqualTo(1024);
    assertThat(section.strings("list")).containsExactly("a", "b");
    assertThat(section.strings("one")).containsExactly("a");
    section.end();
  }

  @Test
  void anUnknownKeyNamesTheNearestKnownOne() {
    Section section = parse("name = web\nprotocl = http\n");
    section.string("name");
    section.string("protocol", "tcp");
    assertThatThrownBy(section::end)
        .isInstanceOf(HoconException.class)
        .hasMessage("a.conf:2: protocl: unknown key; did you mean \"protocol\"?");
  }

  @Test
  void anUnknownKeyFarFromAllListsThem() {
    Section section = parse("xyzzyplugh = 1");
    section.string("name", "");
    assertThatThrownBy(section::end)
        .hasMessage("a.conf:1: xyzzyplugh: unknown key; known here: name");
  }

  @Test
  void keysOfObjectsInsideAreJudgedToo() {
    Section section = parse("log {\n  levl = info\n}");
    section.section("log").string("level", "info");
    assertThatThrownBy(section::end)
        .hasMessage("a.conf:2: log.levl: unknown key; did you mean \"level\"?");
  }

  @Test
  void wrongTypesAndRangesNameTheKey() {
    assertThatThrownBy(() -> parse("port = 70000").port("port"))
        .hasMessage("a.conf:1: port: 70000 is not within 1 to 65535");
    assertThatThrownBy(() -> parse("\n\nport = abc").port("port"))
        .hasMessageContaining("a.conf:3: port: expected a whole number, got \"abc\"");
    assertThatThrownBy(() -> parse("wait = 5").duration("wait", Duration.ZERO))
        .hasMessageContaining("has no unit");
    assertThatThrownBy(() -> parse("wait = -5s").duration("wait", Duration.ZERO))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> parse("name { a = 1 }").string("name"))
        .hasMessageContaining("a.conf:1: name: expected a string");
    assertThatThrownBy(() -> parse("log = 3").section("log"))
        .hasMessageContaining("expected an object");
    assertThatThrownBy(() -> parse("").string("name"))
        .hasMessageContaining("name: is required and not set");
  }

  @Test
  void brokenTextIsAnErrorWithItsLine() {
    assertThatThrownBy(() -> parse("a = 1\nb = {"))
        .isInstanceOf(HoconException.class)
        .hasMessageStartingWith("a.conf:2");
  }

  @Test
  void settingsLieOverTheFileAndAreNamedAsSuch() {
    Section section = Section.parse("a.conf", "log.level = info", List.of("log.level = debug"));
    assertThat(section.section("log").string("level")).isEqualTo("debug");
    Section wrong = Section.parse("a.conf", "port = 1", List.of("port = 0"));
    assertThatThrownBy(() -> wrong.port("port")).hasMessageStartingWith("--set");
  }

  @Test
  void filesOfTheReaderCannotBeIncluded() {
    assertThatThrownBy(() -> parse("include \"/etc/passwd\""))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("not supported");
  }

  @Test
  void valuesStayAsTheyWereWritten() {
    assertThat(parse("version = 1.10").string("version")).isEqualTo("1.10");
    assertThat(parse("version = 007").string("version")).isEqualTo("007");
  }

  @Test
  void knowsTheKeysThatWereAskedFor() {
    Section section = parse("");
    section.string("a", "");
    section.section("b").string("c", "");
    assertThat(section.keysRead()).containsExactly("a", "b.c");
  }

  @Test
  void endlessNestingIsRefusedBeforeItIsRead() {
    assertThatThrownBy(() -> parse("\na = " + "[".repeat(100_000)))
        .isInstanceOf(HoconException.class)
        .hasMessageStartingWith("a.conf:2")
        .hasMessageContaining("nested");
  }
}
