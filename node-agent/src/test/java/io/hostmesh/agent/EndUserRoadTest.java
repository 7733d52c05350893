package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.Scope;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of end users on every road to a service. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class EndUserRoadTest {
  private static RSAKey key;

  private final TestMesh mesh = new TestMesh();
  private volatile String seen = "";
  private TcpApp app;
  @TempDir private Path folder;

  @BeforeAll
  static void key() throws Exception {
    key = new RSAKeyGenerator(2048).keyID("k1").generate();
  }

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            request -> {
              seen = request.head();
              return seen.toLowerCase(Locale.ROOT).contains("upgrade: websocket")
                  ? "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      + "Upgrade: websocket\r\n\r\n"
                  : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
    Files.writeString(folder.resolve("jwks.json"), new JWKSet(key).toString(true));
    require(true);
  }

  private void require(boolean required) {
    JwtIssuer issuer =
        new JwtIssuer(
            "login",
            "https://login.example",
            Set.of("shop"),
            new JwtIssuer.Jwks.File(folder.resolve("jwks.json").toString()),
            JwtIssuer.Place.AUTHORIZATION,
            false,
            new TreeMap<>(Map.of("x-user", "sub")),
            JwtIssuer.LEEWAY);
    for (String service : List.of("far", "near")) {
      ServiceName name = ServiceName.of(service);
      mesh.mesh.authentication.put(
          name,
          new AuthenticationRule(
              Scope.of(name), List.of(issuer), required, new Origin("test", 1, "")));
    }
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private static String token(String audience) throws Exception {
    JWSObject token =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k1").build(),
            new Payload(
                Map.of(
                    "iss",
                    "https://login.example",
                    "sub",
                    "ann",
                    "aud",
                    audience,
                    "exp",
                    Instant.now().getEpochSecond() + 300)));
    token.sign(new RSASSASigner(key));
    return "Authorization: Bearer " + token.serialize();
  }

  private List<InetSocketAddress> roads() {
    return List.of(mesh.h1.to("far"), mesh.h1.to("near"), mesh.h2.captured("f1"));
  }

  @Test
  void oneWhoseTokenIsBelievedGetsInAndTheApplicationLearnsWhoItIs() throws Exception {
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        for (int i = 0; i < 2; i++) {
          seen = "";
          http.get("/", token("shop"), "X-User: king", "x_user: king");
          assertThat(http.answer().status()).isEqualTo("200");
          assertThat(seen)
              .contains("x-user: ann\r\n")
              .doesNotContain("king")
              .doesNotContainIgnoringCase("authorization");
        }
      }
    }
  }

  @Test
  void othersAreAskedForOneAndNothingReachesTheApplication() throws Exception {
    for (InetSocketAddress road : roads()) {
      try (RawHttp http = new RawHttp(road)) {
        RawHttp.Answer none = http.get("/").answer();
        assertThat(none.status()).isEqualTo("401");
        assertThat(none.head()).contains("www-authenticate: Bearer\r\n");
        RawHttp.Answer bad = http.get("/", token("bank")).answer();
        assertThat(bad.status()).isEqualTo("401");
        assertThat(bad.head())
            .contains("www-authenticate: Bearer error=\"invalid_token\"")
            .contains("another audience");
        assertThat(http.get("/", token("shop"), token("shop")).answer().head())
            .contains("error=\"invalid_request\"");
      }
    }
    assertThat(seen).isEmpty();
    Eventually.holds(
        "refusals in the log of the receiver",
        () ->
            mesh.h2.log.stream()
                    .filter(line -> line.contains("UNAUTHENTICATED"))
                    .filter(line -> line.contains("far wants to know its end users"))
                    .count()
                == 6);
    assertThat(mesh.h2.log).noneMatch(line -> line.contains("eyJ"));
    assertThat(mesh.h2.metrics.failures(Failure.Kind.UNAUTHENTICATED)).isEqualTo(6);
  }

  @Test
  void whereNoneIsRequiredOnlyBadOnesAreRefused() throws Exception {
    require(false);
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      assertThat(http.get("/", "x-user: king").answer().status()).isEqualTo("200");
      assertThat(seen).doesNotContain("king");
      assertThat(http.get("/", token("bank")).answer().status()).isEqualTo("401");
    }
  }

  @Test
  void aWebSocketNeedsOneToo() throws Exception {
    String[] upgrade = {
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    };
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      assertThat(http.get("/", upgrade).answer().status()).isEqualTo("401");
    }
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      String[] all = java.util.Arrays.copyOf(upgrade, 5);
      all[4] = token("shop");
      assertThat(http.get("/", all).head()).startsWith("HTTP/1.1 101");
    }
  }

  @Test
  void aGrpcCallerIsToldInItsOwnWay() throws Exception {
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      RawHttp.Answer answer = http.get("/", "Content-Type: application/grpc").answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.head()).contains("grpc-status: 16");
    }
  }

  @Test
  void aConnectionWithoutRequestsCannotShowOne() throws Exception {
    mesh.service(mesh.h2, "db", "d1", Protocol.TCP, app.port(), "v1");
    ServiceName db = ServiceName.of("db");
    mesh.mesh.authentication.put(
        db, new AuthenticationRule(Scope.of(db), List.of(), true, new Origin("test", 1, "")));
    try (RawHttp http = new RawHttp(mesh.h1.to("db"))) {
      http.get("/");
      assertThat(org.assertj.core.api.Assertions.catchThrowable(http::answer))
          .isInstanceOf(java.io.IOException.class);
    }
    Eventually.holds(
        "the reason in the log",
        () -> mesh.h2.log.stream().anyMatch(line -> line.contains("requires a token")));
  }
}
