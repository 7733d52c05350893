package io.hostmesh.agent.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What a connection's bytes are read as, in whatever portions they come. */
class H1ReaderTest {
  private static final String REQUESTS =
      """
      GET /a?b=c HTTP/1.1
      Host: one
      X-Empty:
      X-Blank: \t some  thing \t
      Accept: */*
      Accept: text/plain

      POST /b HTTP/1.1
      Host: one
      Content-Length: 5

      helloPUT /c HTTP/1.0
      Host: two
      Content-Length: 0

      POST /d HTTP/1.1
      Host: one
      Transfer-Encoding: chunked

      5;name=value
      hello
      00a
      0123456789
      0
      X-Trailer: yes

      GET /last HTTP/1.1
      Host: one
      Accept: */*

      """
          .replace("\n", "\r\n");

  /** The parts, as lines; a body's pieces are put together. */
  private static final class Parts implements H1Reader.Sink {
    final List<String> lines = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();

    @Override
    public boolean part(HttpObject part) {
      if (part instanceof HttpRequest head) {
        lines.add(head.method() + " " + head.uri() + " " + head.protocolVersion());
        head.headers().iteratorCharSequence().forEachRemaining(e -> lines.add(e.toString()));
      } else if (part instanceof HttpResponse head) {
        lines.add(head.protocolVersion() + " " + head.status());
        head.headers().iteratorCharSequence().forEachRemaining(e -> lines.add(e.toString()));
      }
      if (part instanceof HttpContent content) {
        body.append(content.content().toString(ISO_8859_1));
        content.release();
      }
      if (part instanceof LastHttpContent last) {
        lines.add("body " + body);
        body.setLength(0);
        last.trailingHeaders().forEach(e -> lines.add("trailer " + e));
      }
      return true;
    }
  }

  private static List<String> read(boolean requests, String bytes, List<Integer> portions)
      throws H1Malformed {
    Parts parts = new Parts();
    H1Reader reader = new H1Reader(requests, HttpLimits.DEFAULT, parts);
    int from = 0;
    for (int i = 0; from < bytes.length(); i++) {
      int size = portions.isEmpty() ? bytes.length() : portions.get(i % portions.size());
      int to = Math.min(bytes.length(), from + size);
      reader.read(
          ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes.substring(from, to), ISO_8859_1));
      from = to;
    }
    assertThat(reader.inputEnded()).isTrue();
    return parts.lines;
  }

  @Example
  void requestsOneBehindTheOther() throws Exception {
    assertThat(read(true, REQUESTS, List.of()))
        .containsExactly(
            "GET /a?b=c HTTP/1.1",
            "Host=one",
            "X-Empty=",
            "X-Blank=some  thing",
            "Accept=*/*",
            "Accept=text/plain",
            "body ",
            "POST /b HTTP/1.1",
            "Host=one",
            "Content-Length=5",
            "body hello",
            "PUT /c HTTP/1.0",
            "Host=two",
            "Content-Length=0",
            "body ",
            "POST /d HTTP/1.1",
            "Host=one",
            "Transfer-Encoding=chunked",
            "body hello0123456789",
            "trailer X-Trailer=yes",
            "GET /last HTTP/1.1",
            "Host=one",
            "Accept=*/*",
            "body ");
  }

  @Property(tries = 300)
  void portionsMakeNoDifference(
      @ForAll @Size(min = 1, max = 20) List<@IntRange(min = 1, max = 60) Integer> portions)
      throws Exception {
    assertThat(read(true, REQUESTS, portions)).isEqualTo(read(true, REQUESTS, List.of()));
  }

  @Example
  void answersEndAsTheirHeadsSay() throws Exception {
    String answers =
        "HTTP/1.1 100 Continue\r\n\r\n"
            + "HTTP/1.1 200 Fine by me\r\nContent-Length: 2\r\n\r\nok"
            + "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"
            + "HTTP/1.1 304 \r\n\r\n"
            + "HTTP/1.1 200\r\n\r\nuntil the close";
    assertThat(read(false, answers, List.of(7)))
        .containsExactly(
            "HTTP/1.1 100 Continue",
            "body ",
            "HTTP/1.1 200 Fine by me",
            "Content-Length=2",
            "body ok",
            "HTTP/1.1 204 No Content",
            "Content-Length=2",
            "body ",
            "HTTP/1.1 304 ",
            "body ",
            "HTTP/1.1 200 ",
            "body until the close");
  }

  @Example
  void anAnswerToHeadHasNoBody() throws Exception {
    Parts parts = new Parts();
    H1Reader reader = new H1Reader(false, HttpLimits.DEFAULT, parts);
    String head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    reader.nextIsBodyless(true);
    reader.read(ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(head, ISO_8859_1));
    assertThat(parts.lines).containsExactly("HTTP/1.1 200 OK", "Content-Length=1000", "body ");
  }

  @Example
  void aSinkThatWantsNoMoreGetsTheRestLater() throws Exception {
    List<HttpObject> got = new ArrayList<>();
    H1Reader reader =
        new H1Reader(
            true,
            HttpLimits.DEFAULT,
            part -> {
              got.add(part);
              return !(part instanceof LastHttpContent);
            });
    String two = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    reader.read(ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(two, ISO_8859_1));
    assertThat(got).hasSize(2);
    reader.readOn();
    assertThat(got).hasSize(4);
    assertThat(((HttpRequest) got.get(2)).uri()).isEqualTo("/2");
  }

  @Example
  void bytesAfterAChangeOfProtocolAreBytes() throws Exception {
    List<String> raw = new ArrayList<>();
    H1Reader[] reader = new H1Reader[1];
    reader[0] =
        new H1Reader(
            false,
            HttpLimits.DEFAULT,
            part -> {
              if (part instanceof HttpResponse) {
                reader[0].becomeRaw();
              } else {
                raw.add(((HttpContent) part).content().toString(ISO_8859_1));
              }
              return true;
            });
    String bytes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 no more";
    reader[0].read(ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes, ISO_8859_1));
    assertThat(raw).containsExactly("HTTP/1.1 no more");
  }

  @Example
  void nothingIsReadAfterWhatIsMalformed() {
    Parts parts = new Parts();
    H1Reader reader = new H1Reader(true, HttpLimits.DEFAULT, parts);
    String bytes = "GET / HTTP/1.1\r\nHost : a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assertThatThrownBy(
            () -> reader.read(ByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes, ISO_8859_1)))
        .isInstanceOf(H1Malformed.class)
        .hasMessageContaining("well-formed name");
    assertThat(parts.lines).isEmpty();
  }
}
