package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A caller stays with an instance by the mesh's cookie, seen from its end. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class AffinityRoadTest {
  private final AtomicBoolean failing = new AtomicBoolean();
  private TestMesh mesh;
  private TcpApp one;
  private TcpApp two;

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    one = new TcpApp(socket -> answer("one", socket));
    two = new TcpApp(socket -> answer("two", socket));
    mesh.service(mesh.h2, "shop", "s1", Protocol.HTTP, one.port(), "v1");
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v2");
    mesh.upstream("shop", "balance { policy = round-robin }, affinity { cookie = stay, ttl = 1h }");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    one.close();
    two.close();
  }

  private void answer(String name, Socket socket) throws Exception {
    RawHttp http = new RawHttp(socket);
    http.answer();
    http.send(
        "HTTP/1.1 "
            + (failing.get() ? "500 Internal Server Error" : "200 OK")
            + "\r\nSet-Cookie: own=1\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
            + name);
  }

  private RawHttp call() throws IOException {
    return new RawHttp(mesh.h1.to("shop"));
  }

  private static List<String> cookies(RawHttp.Answer answer) {
    return answer
        .head()
        .lines()
        .filter(line -> line.regionMatches(true, 0, "set-cookie: stay=", 0, 17))
        .map(line -> line.substring("set-cookie: ".length()))
        .toList();
  }

  private static String session(RawHttp.Answer answer) {
    return "Cookie: theme=dark; " + cookies(answer).getFirst().split(";", 2)[0];
  }

  @Test
  void theFirstAnswerNamesItsInstanceAndLaterRequestsGoThere() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer first = http.get("/").answer();
      assertThat(first.head()).contains("own=1");
      assertThat(cookies(first))
          .singleElement()
          .asString()
          .matches("stay=[0-9a-f]{32}; Max-Age=3600; Expires=.*; Path=/; HTTPOnly; SameSite=Lax");
      String session = session(first);
      for (int i = 0; i < 6; i++) {
        RawHttp.Answer next = http.get("/", session).answer();
        assertThat(next.body()).isEqualTo(first.body());
        assertThat(cookies(next)).as("it has one").isEmpty();
      }
      Set<String> others = new HashSet<>();
      for (int i = 0; i < 4; i++) {
        others.add(http.get("/").answer().body());
      }
      assertThat(others).as("who has none is balanced").containsExactlyInAnyOrder("one", "two");
    }
  }

  @Test
  void whenTheInstanceIsGoneTheAnswerNamesAnother() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer first = http.get("/").answer();
      String session = session(first);
      mesh.healthy("shop", first.body().equals("one") ? "s1" : "s2", false);
      RawHttp.Answer moved = http.get("/", session).answer();
      assertThat(moved.body()).isNotEqualTo(first.body());
      assertThat(session(moved)).isNotEqualTo(session);
      assertThat(cookies(http.get("/", "Cookie: stay=made-up").answer())).hasSize(1);
    }
  }

  @Test
  void anInstanceThatCannotBeReachedIsLeftForTheOneThatAnswers() throws Exception {
    mesh.route("shop", "rules = [ { to = [ {} ], retry { on = [ connect-failure, reset ] } } ]");
    try (RawHttp http = call()) {
      RawHttp.Answer first = http.get("/").answer();
      (first.body().equals("one") ? one : two).close();
      RawHttp.Answer moved = http.get("/", session(first)).answer();
      assertThat(moved.body()).isNotEqualTo(first.body());
      assertThat(http.get("/", session(moved)).answer().body()).isEqualTo(moved.body());
    }
  }

  @Test
  void aSessionIsOfTheSubsetThatTheRouteSays() throws Exception {
    try (RawHttp http = call()) {
      RawHttp.Answer first = http.get("/").answer();
      String other = first.body().equals("one") ? "v2" : "v1";
      mesh.route(
          "shop",
          "subsets { other { version = "
              + other
              + " } }, rules = [ { to = [ { subset = other } ] } ]");
      RawHttp.Answer moved = http.get("/", session(first)).answer();
      assertThat(moved.body()).isNotEqualTo(first.body());
      assertThat(cookies(moved)).hasSize(1);
    }
  }

  @Test
  void whoHasASessionStaysOnItsSideOfASplit() throws Exception {
    String split =
        """
        subsets { old { version = v1 }, new { version = v2 } }
        rules = [ { to = [ { subset = old, weight = %d }, { subset = new, weight = %d } ] } ]
        """;
    mesh.route("shop", split.formatted(50, 50));
    try (RawHttp http = call()) {
      RawHttp.Answer first = http.get("/").answer();
      String session = session(first);
      for (int i = 0; i < 12; i++) {
        assertThat(http.get("/", session).answer().body()).isEqualTo(first.body());
      }
      boolean old = first.body().equals("one");
      mesh.route("shop", split.formatted(old ? 0 : 100, old ? 100 : 0));
      assertThat(http.get("/", session).answer().body())
          .as("its side has no share any more")
          .isNotEqualTo(first.body());
    }
  }

  @Test
  void aSideOfASplitMayBeAnotherService() throws Exception {
    try (TcpApp other = new TcpApp(socket -> answer("far", socket))) {
      mesh.service(mesh.h2, "mall", "m1", Protocol.HTTP, other.port(), "v1");
      mesh.upstream("mall", "affinity { cookie = stay }");
      mesh.route("shop", "rules = [ { to = [ { weight = 1 }, { service = mall, weight = 1 } ] } ]");
      try (RawHttp http = call()) {
        Set<String> sides = new HashSet<>();
        for (int i = 0; i < 200 && sides.size() < 3; i++) {
          RawHttp.Answer first = http.get("/").answer();
          if (sides.add(first.body())) {
            for (int again = 0; again < 8; again++) {
              assertThat(http.get("/", session(first)).answer().body()).isEqualTo(first.body());
            }
          }
        }
        assertThat(sides).containsExactlyInAnyOrder("one", "two", "far");
      }
    }
  }

  @Test
  void whatTheMeshAnswersItselfBeginsNoSession() throws Exception {
    mesh.route("shop", "rules = [ { to = [ {} ], cors { origins = [ \"https://a.example\" ] } } ]");
    try (RawHttp http = call()) {
      http.send(
          "OPTIONS / HTTP/1.1\r\nHost: shop\r\nOrigin: https://a.example\r\n"
              + "Access-Control-Request-Method: PUT\r\n\r\n");
      RawHttp.Answer preflight = http.answer();
      assertThat(preflight.status()).isEqualTo("204");
      assertThat(cookies(preflight)).isEmpty();
      assertThat(cookies(http.get("/").answer())).hasSize(1);
    }
  }

  @Test
  void nobodyIsToStayWithWhoCouldNotAnswer() throws Exception {
    failing.set(true);
    try (RawHttp http = call()) {
      RawHttp.Answer failed = http.get("/").answer();
      assertThat(failed.status()).isEqualTo("500");
      assertThat(cookies(failed)).isEmpty();
    }
  }
}
