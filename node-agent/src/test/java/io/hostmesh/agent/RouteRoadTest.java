package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a route does with requests on their way, seen from both ends. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class RouteRoadTest {
  private final AtomicInteger seen = new AtomicInteger();
  private TestMesh mesh;
  private TcpApp greeter;
  private TcpApp parting;

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    greeter = new TcpApp(socket -> echo("greeter", socket));
    parting = new TcpApp(socket -> echo("parting", socket));
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, greeter.port(), "v1");
    mesh.service(mesh.h2, "parting", "p1", Protocol.HTTP, parting.port(), "v1");
    mesh.service(mesh.h2, "parting", "p2", Protocol.HTTP, greeter.port(), "v2");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    greeter.close();
    parting.close();
  }

  /** Answers with its name and what it got. */
  private void echo(String name, Socket socket) throws Exception {
    RawHttp http = new RawHttp(socket);
    while (true) {
      RawHttp.Answer request;
      try {
        request = http.answer();
      } catch (IOException e) {
        return; // The agent closes connections that are idle.
      }
      seen.incrementAndGet();
      String body = name + "\n" + request.head();
      http.send(
          "HTTP/1.1 200 OK\r\nX-Powered-By: java\r\nAccess-Control-Allow-Origin: *\r\n"
              + "Content-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
    }
  }

  private RawHttp call() throws IOException {
    return new RawHttp(mesh.h1.to("greeter"));
  }

  @Test
  void aPartOfThePathsBelongsToAnotherServiceAndItsSubset() throws Exception {
    mesh.route("parting", "subsets { old { version = v1 } }");
    mesh.route(
        "greeter",
        """
        rules = [
          { match { path = "/bye/*" }, to = [ { service = parting, subset = old } ]
            rewrite { prefix = "/", host = parting.internal } }
          { match { path = "/gone" }, to = [ { service = parting, subset = none } ] }
        ]
        """);
    try (RawHttp http = call()) {
      RawHttp.Answer answer = http.get("/bye/all?x=1").answer();
      assertThat(answer.body()).startsWith("parting\nGET /all?x=1 HTTP/1.1");
      assertThat(answer.body()).containsIgnoringCase("host: parting.internal");
      assertThat(http.get("/x").answer().body()).startsWith("greeter\nGET /x HTTP/1.1");
      RawHttp.Answer gone = http.get("/gone").answer();
      assertThat(gone.status()).isEqualTo("503");
      assertThat(gone.body()).contains("the subset none of parting");
    }
    Eventually.holds(
        "the log names the service that got it",
        () -> mesh.h1.log.stream().anyMatch(line -> line.contains("parting")));
  }

  @Test
  void aSubsetWithoutAHealthyInstanceHasItsFallback() throws Exception {
    mesh.route(
        "parting",
        """
        subsets { old { version = v1 }, new { version = v2 }, none { version = v3 } }
        rules = [
          { name = plain, match { path = "/plain" }, to = [ { subset = new } ] }
          { name = all, match { path = "/all" }, to = [ { subset = none, fallback = "*" } ] }
          { name = back, to = [ { subset = new, fallback = old } ] }
        ]
        """);
    mesh.route(
        "greeter",
        """
        rules = [ { to = [ { service = parting, subset = new, fallback = old } ] } ]
        """);
    try (RawHttp http = new RawHttp(mesh.h1.to("parting"));
        RawHttp other = call()) {
      assertThat(http.get("/").answer().body()).as("p2").startsWith("greeter");
      assertThat(other.get("/").answer().body()).startsWith("greeter");
      assertThat(http.get("/all").answer().status()).isEqualTo("200");

      mesh.healthy("parting", "p2", false);
      assertThat(http.get("/").answer().body()).as("p1").startsWith("parting");
      Eventually.holds(
          "the log says it",
          () -> mesh.h1.log.stream().anyMatch(line -> line.contains("#back fallback")));
      assertThat(other.get("/").answer().body()).as("of another service").startsWith("parting");
      assertThat(http.get("/all").answer().body()).startsWith("parting");
      assertThat(http.get("/plain").answer().status()).isEqualTo("503");

      mesh.healthy("parting", "p2", true);
      assertThat(http.get("/").answer().body()).as("back again").startsWith("greeter");
    }
  }

  @Test
  void aSubsetThatNobodyDeclaresHasItsFallback() throws Exception {
    mesh.route("parting", "rules = [ { to = [ {} ] } ]");
    mesh.route(
        "greeter",
        """
        rules = [
          { match { path = "/strict" }, to = [ { service = parting, subset = gone } ] }
          { to = [ { service = parting, subset = gone, fallback = "*" } ] }
        ]
        """);
    try (RawHttp http = call()) {
      assertThat(http.get("/").answer().status()).isEqualTo("200");
      assertThat(http.get("/strict").answer().status()).isEqualTo("503");
    }
  }

  @Test
  void anInstanceThatIsNotReachedHasAFallbackAtOnce() throws Exception {
    mesh.route(
        "parting",
        """
        subsets { old { version = v1 }, new { version = v2 } }
        rules = [ { to = [ { subset = new, fallback = old } ] } ]
        """);
    greeter.close();
    try (RawHttp http = new RawHttp(mesh.h1.to("parting"))) {
      for (int i = 0; i < 3; i++) {
        assertThat(http.get("/").answer().body()).startsWith("parting");
      }
    }
  }

  @Test
  void noPathLeadsOutOfWhereARuleLeads() throws Exception {
    mesh.route(
        "greeter",
        """
        rules = [
          { match { path = "/static*" }, to = [ {} ], rewrite { prefix = "/files/" } }
          { match { path-regex = "/go/.*" }, redirect { path-regex = "^/go", substitution = "/" } }
        ]
        """);
    try (RawHttp http = call()) {
      RawHttp.Answer refused = http.get("/static../secret").answer();
      assertThat(refused.status()).isEqualTo("400");
      assertThat(refused.body()).contains("rules[0]", "dot segment");
      assertThat(http.get("/go/evil.example").answer().has("location: /evil.example")).isTrue();
    }
  }

  @Test
  void redirectsAndAnswersReachNoService() throws Exception {
    mesh.route(
        "greeter",
        """
        rules = [
          { match { path = "/old/*" }, redirect { prefix = "/new/", status = 308 } }
          { match { path = "/login" }, redirect { scheme = https, host = "login.example:8443" } }
          { match { path = "/tea" }, respond { status = 418, body = "short and stout" }
            response-headers { set { x-kind = pot } } }
          { match { method = DELETE }, respond { status = 405 } }
        ]
        """);
    try (RawHttp http = call()) {
      RawHttp.Answer moved = http.get("/old/a%20b?q=1").answer();
      assertThat(moved.status()).isEqualTo("308");
      assertThat(moved.has("location: /new/a%20b?q=1")).isTrue();
      assertThat(
              http.get("/login?next=/")
                  .answer()
                  .has("location: https://login.example:8443/login?next=/"))
          .isTrue();
      RawHttp.Answer tea = http.get("/tea").answer();
      assertThat(tea.status()).isEqualTo("418");
      assertThat(tea.body()).isEqualTo("short and stout");
      assertThat(tea.has("x-kind: pot")).isTrue();
      http.send("HEAD /tea HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(http.answer(true).status()).isEqualTo("418");
      http.send("DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo("405");
      assertThat(seen).hasValue(0);
      assertThat(http.get("/x").answer().status()).as("the connection goes on").isEqualTo("200");
    }
  }

  @Test
  void headersAreChangedOnBothWays() throws Exception {
    mesh.route(
        "greeter",
        """
        rules = [ { to = [ {} ]
          request-headers { set { x-stage = canary }, add { x-seen = two }, remove = [ x-debug ] }
          response-headers { set { cache-control = no-store }, remove = [ x-powered-by ] } } ]
        """);
    try (RawHttp http = call()) {
      RawHttp.Answer answer = http.get("/x", "X-Debug: 1", "X-Stage: mine", "X-Seen: one").answer();
      assertThat(answer.body().toLowerCase(java.util.Locale.ROOT))
          .contains("x-stage: canary", "x-seen: one", "x-seen: two")
          .doesNotContain("x-debug", "mine");
      assertThat(answer.has("cache-control: no-store")).isTrue();
      assertThat(answer.has("x-powered-by")).isFalse();
    }
  }

  @Test
  void pagesOfOtherOriginsReadWhatTheyMay() throws Exception {
    mesh.route(
        "greeter",
        """
        rules = [ { to = [ {} ], cors { origins = "https://shop.example", methods = [ GET, PUT ]
                                         expose = x-total, max-age = 10m, credentials = true } } ]
        """);
    try (RawHttp http = call()) {
      http.send(
          "OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\n"
              + "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n");
      RawHttp.Answer preflight = http.answer();
      assertThat(preflight.status()).isEqualTo("204");
      assertThat(preflight.has("access-control-allow-origin: https://shop.example")).isTrue();
      assertThat(preflight.has("access-control-allow-methods: GET, PUT")).isTrue();
      assertThat(preflight.has("access-control-allow-headers: x-a")).isTrue();
      assertThat(preflight.has("access-control-max-age: 600")).isTrue();
      assertThat(seen).as("the service is not asked").hasValue(0);
      RawHttp.Answer answer = http.get("/x", "Origin: https://shop.example").answer();
      assertThat(answer.has("access-control-allow-credentials: true")).isTrue();
      assertThat(answer.has("access-control-expose-headers: x-total")).isTrue();
      assertThat(answer.has("vary: origin")).isTrue();
      RawHttp.Answer other = http.get("/x", "Origin: https://evil.example").answer();
      assertThat(other.status()).as("the browser decides").isEqualTo("200");
      assertThat(other.has("access-control-allow-origin"))
          .as("not even the service's own")
          .isFalse();
    }
  }

  @Test
  void parametersOfTheQueryAndWhoCallsAreAskedFor() throws Exception {
    mesh.route(
        "greeter",
        """
        rules = [
          { match { query { debug = "a b" } }, respond { status = 201 } }
          { match { source = batch }, respond { status = 202 } }
          { match { source = web, method = POST, host = "*.internal" }, respond { status = 203 } }
        ]
        """);
    try (RawHttp http = call()) {
      assertThat(http.get("/x?y=1&debug=a%20b").answer().status()).isEqualTo("201");
      assertThat(http.get("/x?debug=1&debug=a+b").answer().status()).isEqualTo("201");
      assertThat(http.get("/x?%zz&y=1;debug=a%20b").answer().status()).isEqualTo("201");
      assertThat(http.get("/x?debug=%zz").answer().status()).isEqualTo("200");
      http.send("POST /x HTTP/1.1\r\nHost: a.internal:80\r\nContent-Length: 0\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo("203");
    }
  }
}
