package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.runtime.tls.Svid;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Applications get the mesh's word on who called, and paths as they were judged. */
@Timeout(60)
class SanitisingTest {
  private static final String[] FORGED = {
    "x-forwarded-client-cert: URI=spiffe://test.local/king",
    "x_forwarded_client_cert: URI=spiffe://test.local/king",
    "x-forwarded_client-cert: URI=spiffe://test.local/king",
    "x_forwarded_for: 6.6.6.6-king",
    "x-forwarded-for: 1.2.3.4",
    "x-forwarded-for: 5.6.7.8",
    "x-hostmesh-user: king",
    "x_hostmesh_user: king",
    "hostmesh-failure: king",
    "hostmesh_reason: king",
    "hostmesh-future: king",
  };

  private static final String WEB = "URI=spiffe://test.local/ns/default/dc/dc1/svc/web";

  private final TestMesh mesh = new TestMesh();
  private volatile String seen = "";
  private TcpApp app;

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            request -> {
              seen = request.head() + request.body();
              return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private InetSocketAddress road(String name) {
    return switch (name) {
      case "outbound" -> mesh.h1.to("far");
      case "same-host" -> mesh.h1.to("near");
      default -> mesh.h2.captured("f1");
    };
  }

  private void nothingForged() {
    assertThat(seen.toLowerCase(Locale.ROOT))
        .doesNotContain("king")
        .doesNotContain("hostmesh-")
        .contains("x-forwarded-for: 1.2.3.4, 5.6.7.8, 127.0.0.1");
  }

  @ParameterizedTest
  @CsvSource({"outbound, true", "same-host, true", "captured, true", "captured, false"})
  void whatACallerSaysOfItselfReachesNobody(String road, boolean known) throws Exception {
    if (!known) {
      mesh.mesh.settings =
          new io.hostmesh.agent.discovery.MeshSettings("test.local", "dc1", true, false);
      mesh.h2.caller = new Caller.Remote(Optional.empty());
    }
    try (RawHttp http = new RawHttp(road(road))) {
      assertThat(http.get("/", FORGED).answer().status()).isEqualTo("200");
    }
    nothingForged();
    assertThat(seen.contains("x-forwarded-client-cert: By=spiffe://")).isEqualTo(known);
    assertThat(seen.contains(WEB)).isEqualTo(known);
  }

  @Test
  void norOverHttp2() throws Exception {
    mesh.services(app.port(), app.port());
    try (RawH2 http = new RawH2(mesh.h1.to("far"))) {
      http.frame(RawH2.HEADERS, RawH2.END_HEADERS | RawH2.END_STREAM, 1, RawH2.get(FORGED));
      http.flush();
      assertThat(http.status()).isEqualTo("200");
    }
    nothingForged();
    assertThat(seen).contains(WEB);
  }

  /** Whoever runs an agent of its own, with its own certificate, is still only itself. */
  @Test
  void norFromAnAgentThatLies() throws Exception {
    Svid own = mesh.authority.issue(TestMesh.id("web"));
    try (RawH2 http = new RawH2(mesh.h2.asAgent(own, "f1"))) {
      http.frame(RawH2.HEADERS, RawH2.END_HEADERS | RawH2.END_STREAM, 1, RawH2.get(FORGED));
      http.flush();
      assertThat(http.status()).isEqualTo("200");
    }
    nothingForged();
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(own.leaf().getEncoded());
    assertThat(seen)
        .contains(
            "x-forwarded-client-cert: By=spiffe://test.local/ns/default/dc/dc1/svc/far;Hash="
                + HexFormat.of().formatHex(hash)
                + ";"
                + WEB
                + "\r\n");
  }

  @Test
  void connectionCannotNameThemAway() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.get(
          "/",
          "Connection: x-forwarded-client-cert, X-Forwarded-For, x_forwarded_for",
          "X-Forwarded-For: 1.2.3.4");
      assertThat(http.answer().status()).isEqualTo("200");
    }
    assertThat(seen).contains(WEB).containsIgnoringCase("x-forwarded-for: 1.2.3.4, 127.0.0.1");
  }

  @Test
  void norDoTrailersBringThem() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      http.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
      http.send(String.join("\r\n", FORGED) + "\r\nx-sum: 1\r\n\r\n");
      assertThat(http.answer().status()).isEqualTo("200");
    }
    assertThat(seen).contains("x-sum: 1").doesNotContain("king").doesNotContain("1.2.3.4");
  }

  private void access(String grant) {
    for (String service : List.of("far", "near")) {
      mesh.mesh.access.put(
          ServiceName.of(service),
          TcpRoadTest.access("kind=access,service=" + service + ",allow=[" + grant + "]"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/api/a, 200, /api/a",
    "/api/a?q=/../x//y, 200, /api/a?q=/../x//y",
    "/api//a/./b/../c, 200, /api/a/c",
    "/admin/../api/%61, 200, /api/a",
    "/api/caf%c3%a9, 200, /api/caf%C3%A9",
    "/api/../admin, 403, ",
    "/api/%2e%2e/admin, 403, ",
    "/api//..//admin, 403, ",
    "/api/..%2fadmin, 400, ",
    "/api/..;/admin, 400, ",
    "/api/%252e%252e/admin, 400, ",
    "/api/..\\admin, 400, ",
    "/api/%00, 400, ",
    "/api/x;y, 200, /api/x;y",
    "/api;x/y, 403, ",
  })
  void aPathArrivesAsItWasJudged(String path, String status, String arrives) throws Exception {
    access("{from=web,paths=[\"/api/*\"]}");
    for (String road : List.of("outbound", "same-host", "captured")) {
      seen = "";
      try (RawHttp http = new RawHttp(road(road))) {
        assertThat(http.get(path).answer().status()).as(road).isEqualTo(status);
      }
      assertThat(seen).as(road).startsWith(arrives == null ? "" : "GET " + arrives + " HTTP/1.1");
      assertThat(seen.isEmpty()).isEqualTo(arrives == null);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a//b/../%2e/%2f", "/..;/", "/a%00", "/a\\b"})
  void withoutRulesOnPathsTheyPassAsTheyAre(String path) throws Exception {
    access("{from=web}");
    for (String road : List.of("outbound", "same-host", "captured")) {
      try (RawHttp http = new RawHttp(road(road))) {
        assertThat(http.get(path).answer().status()).as(road).isEqualTo("200");
      }
      assertThat(seen).startsWith("GET " + path + " HTTP/1.1");
    }
  }

  @Test
  void aPathIsRoutedAsItArrives() throws Exception {
    RouteRule rule =
        (RouteRule)
            RuleParser.parse(
                "test",
                """
                kind = route, service = far
                subsets { none { version = v9 } }
                rules = [ { match { path = "/admin/*" }, to = [ { subset = none } ] } ]
                """);
    mesh.mesh.routes.put(ServiceName.of("far"), io.hostmesh.model.routing.RouteTable.compile(rule));
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      assertThat(http.get("/x/../admin//y").answer().status()).isEqualTo("503");
      assertThat(http.get("/x//%61").answer().status()).isEqualTo("200");
      assertThat(seen).startsWith("GET /x/a HTTP/1.1");
      assertThat(http.get("/x%2fadmin").answer().status()).isEqualTo("400");
    }
  }
}
