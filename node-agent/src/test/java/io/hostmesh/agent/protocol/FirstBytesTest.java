package io.hostmesh.agent.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In the cases, | is CR LF. */
class FirstBytesTest {
  private static final String HELLO = "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc";

  private static FirstBytes of(String bytes) {
    return FirstBytes.of(bytes(bytes));
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text.replace("|", "\r\n"), ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1|Host: a||",
        "GET / HTTP/1.0||",
        "OPTIONS * HTTP/1.1|",
        "CONNECT db:5432 HTTP/1.1|",
        "M-SEARCH * HTTP/1.1|",
        "VERSION-CONTROL /a HTTP/1.1|",
        "GET http://greeter.mesh/ HTTP/1.1|",
        "PRI /a HTTP/1.1|",
        "POST /a?b=%20&c=\u00e4 HTTP/1.1|",
      })
  void aRequestLineIsHttp1(String text) {
    assertThat(of(text)).isEqualTo(FirstBytes.HTTP1);
  }

  @Test
  void thePrefaceIsHttp2() {
    assertThat(of("PRI * HTTP/2.0||SM||")).isEqualTo(FirstBytes.HTTP2);
  }

  @Test
  void aClientHelloIsTls() {
    assertThat(of(HELLO)).isEqualTo(FirstBytes.TLS);
    assertThat(of("\u0016\u0003\u0003\u0000\u0001\u0002")).isEqualTo(FirstBytes.OTHER);
    assertThat(of("\u0016\u0002")).isEqualTo(FirstBytes.OTHER);
  }

  /** Redis, memcached, SMTP, SSH, PostgreSQL's startup, MQTT, and HTTP/0.9, which nobody speaks. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "PING|",
        "GET key|",
        "*1|$4|PING|",
        "get key|",
        "EHLO a.example|",
        "SSH-2.0-OpenSSH_9.6|",
        "\u0000\u0000\u0000\u0008\u0004\u00d2\u0016.\u0001",
        "\u0010\u0000\u0000\u0004MQTT",
        "GET /|",
        "GET  / HTTP/1.1|",
        "GET / HTTP/2.0|",
        "get / HTTP/1.1|",
        " GET / HTTP/1.1|",
        "A-METHOD-OF-MORE-THAN-24-CHARACTERS / HTTP/1.1|",
      })
  void otherProtocolsAreOther(String text) {
    assertThat(of(text)).isEqualTo(FirstBytes.OTHER);
  }

  @ParameterizedTest
  @CsvSource({"GET /a HTTP/1.1|Host: a||, 14", "PRI * HTTP/2.0||SM||, 14"})
  void oneByteAtATimeIsUndecidedUntilItIsDecided(String text, int decided) {
    for (int length = 0; length < decided; length++) {
      assertThat(of(text.substring(0, length)))
          .as(text.substring(0, length))
          .isEqualTo(FirstBytes.UNDECIDED);
    }
    for (int length = decided; length <= text.length(); length++) {
      assertThat(of(text.substring(0, length))).isEqualTo(of(text));
    }
  }

  @Test
  void anEndlessTargetIsForHttpToRefuse() {
    assertThat(of("GET /" + "a".repeat(FirstBytes.MAX_LINE))).isEqualTo(FirstBytes.HTTP1);
    assertThat(of("A".repeat(FirstBytes.MAX_LINE))).isEqualTo(FirstBytes.OTHER);
  }
}
