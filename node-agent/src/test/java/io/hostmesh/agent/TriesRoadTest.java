package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are sent more than once, through two agents and within one. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class TriesRoadTest {
  private final TestMesh mesh = new TestMesh();
  private final List<TcpApp> apps = new ArrayList<>();
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();

  @AfterEach
  void stop() throws Exception {
    hanging.countDown();
    mesh.close();
    for (TcpApp app : apps) {
      app.close();
    }
  }

  private interface Answers {
    /** The answer's status and reason. */
    String to(String request) throws Exception;
  }

  /** An application that answers with what it got. */
  private TcpApp app(Answers answers) throws IOException {
    TcpApp app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              while (true) {
                RawHttp.Answer request;
                try {
                  request = http.answer();
                } catch (IOException e) {
                  return; // The agent closes connections that are idle.
                }
                String got = request.head() + request.body();
                seen.add(got);
                http.send(
                    "HTTP/1.1 "
                        + answers.to(got)
                        + "\r\nContent-Length: "
                        + got.length()
                        + "\r\n\r\n"
                        + got);
              }
            });
    apps.add(app);
    return app;
  }

  private TcpApp hanging() throws IOException {
    TcpApp app =
        new TcpApp(
            (Socket socket) -> {
              new RawHttp(socket).head();
              hanging.await(30, TimeUnit.SECONDS);
            });
    apps.add(app);
    return app;
  }

  private static Answers failing(int times) {
    AtomicInteger left = new AtomicInteger(times);
    return _ -> left.getAndDecrement() > 0 ? "503 Service Unavailable" : "200 OK";
  }

  private void route(String service, String entry) {
    mesh.route(service, "rules = [ { to = [ { } ]\n" + entry + "\n} ]");
  }

  private RawHttp call(String service) throws IOException {
    return new RawHttp(mesh.h1.to(service));
  }

  private static String put(String body) {
    return "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  @ParameterizedTest
  @ValueSource(strings = {"far", "near"})
  void aServiceThatFailsTwiceIsSeenToSucceed(String where) throws Exception {
    TcpApp app = app(failing(2));
    TestMesh.Agent host = where.equals("far") ? mesh.h2 : mesh.h1;
    mesh.service(host, where, "i1", Protocol.HTTP, app.port(), "v1");
    route(where, "retry { attempts = 3, on = [ 5xx ], backoff { base = 1ms } }");
    try (RawHttp http = call(where)) {
      RawHttp.Answer answer = http.send(put("twice and once")).answer();
      assertThat(answer.status()).isEqualTo("200");
      assertThat(answer.body())
          .endsWith("twice and once")
          .contains("x-envoy-attempt-count: 3")
          .containsOnlyOnce("127.0.0.1");
      assertThat(seen).hasSize(3).allSatisfy(got -> assertThat(got).endsWith("twice and once"));
      assertThat(http.get("/next").answer().status()).isEqualTo("200");
    }
    Eventually.holds(
        "the tries are logged",
        () -> mesh.h1.log.stream().anyMatch(line -> line.contains("\"tries\":3")));
    assertThat(mesh.h1.registry.get("hostmesh_retries").tag("cause", "5xx").counter().count())
        .isEqualTo(2);
  }

  @Test
  void theLastAnswerIsTheCallersWhenTheTriesAreUsedUp() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, app(failing(9)).port(), "v1");
    route("shop", "retry { attempts = 2, on = [ 503 ], backoff { base = 1ms } }");
    try (RawHttp http = call("shop")) {
      RawHttp.Answer answer = http.get("/x").answer();
      assertThat(answer.status()).isEqualTo("503");
      assertThat(answer.body()).startsWith("GET /x ");
    }
    assertThat(seen).hasSize(2);
    Eventually.holds("it is logged", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"URX\"", "\"tries\":2");
  }

  @Test
  void aPostThatWasSeenIsNotRepeatedUnlessTheRuleSaysSo() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, app(failing(2)).port(), "v1");
    route("shop", "retry { on = [ 5xx ], backoff { base = 1ms } }");
    String post = put("buy").replace("PUT", "POST");
    try (RawHttp http = call("shop")) {
      assertThat(http.send(post).answer().status()).isEqualTo("503");
      assertThat(seen).hasSize(1);
      route("shop", "retry { on = [ 5xx ], methods = [ POST ], backoff { base = 1ms } }");
      assertThat(http.send(post).answer().status()).isEqualTo("200");
      assertThat(seen).hasSize(3);
    }
  }

  @Test
  void anInstanceThatHangsIsGivenUpForAnother() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, hanging().port(), "v1");
    mesh.service(mesh.h2, "shop", "i2", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    route("shop", "retry { per-try-timeout = 200ms, on = [ gateway-error ] }");
    for (int i = 0; i < 8; i++) {
      try (RawHttp http = call("shop")) {
        assertThat(http.send(put("body")).answer().status()).isEqualTo("200");
      }
    }
    assertThat(
            mesh.h1
                .registry
                .get("hostmesh_retries")
                .tag("cause", "per-try-timeout")
                .counter()
                .count())
        .isPositive();
  }

  @Test
  void aSlowInstanceIsOvertakenByACopy() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, hanging().port(), "v1");
    mesh.service(mesh.h2, "shop", "i2", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    route("shop", "hedge { after = 50ms }");
    for (int i = 0; i < 8; i++) {
      try (RawHttp http = call("shop")) {
        assertThat(http.get("/x").answer().status()).isEqualTo("200");
      }
    }
    assertThat(mesh.h1.registry.get("hostmesh_hedges").tag("won", "true").counter().count())
        .isPositive();
  }

  @Test
  void aRequestIsOverWhenItsTimeIs() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, hanging().port(), "v1");
    route("shop", "timeout = 200ms");
    try (RawHttp http = call("shop")) {
      RawHttp.Answer answer = http.get("/x").answer();
      assertThat(answer.status()).isEqualTo("504");
      assertThat(answer.body()).contains("200 ms");
    }
    Eventually.holds("it is logged", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"UT\"", "\"status\":504");
  }

  @Test
  void theTimeOfARequestHoldsWhilePilotIsAskedWhereItGoes() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    mesh.service(mesh.h2, "depot", "d1", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    ServiceName depot = ServiceName.of("depot");
    List<Endpoint> there = Objects.requireNonNull(mesh.mesh.endpoints.remove(depot));
    Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    mesh.mesh.waiting.put(depot, waiting);
    mesh.mesh.routes.put(
        ServiceName.of("shop"),
        RouteTable.compile(
            (RouteRule)
                RuleParser.parse(
                    "test",
                    "kind = route, service = shop\n"
                        + "rules = [ { to = [ { service = depot } ], timeout = 200ms } ]")));
    try (RawHttp http = call("shop")) {
      assertThat(http.get("/x").answer().status()).isEqualTo("504");
      mesh.mesh.endpoints.put(depot, there);
      mesh.mesh.waiting.remove(depot);
      Objects.requireNonNull(waiting.poll()).run();
      assertThat(http.get("/y").answer().status()).as("in its time").isEqualTo("200");
    }
    assertThat(seen).as("who has got the 504 is not served").hasSize(1);
    Eventually.holds(
        "no request counts as under way",
        () ->
            mesh.h1
                    .registry
                    .get("hostmesh_upstream_requests_active")
                    .tag("destination_service_name", "depot")
                    .gauge()
                    .value()
                == 0);
  }

  @Test
  void howOftenARequestWasSentSaysTheMeshAndNoCaller() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    try (RawHttp http = call("shop")) {
      assertThat(http.get("/x", "X-Envoy-Attempt-Count: 7").answer().body())
          .doesNotContainIgnoringCase("attempt-count");
      route("shop", "retry { on = [ 5xx ] }");
      assertThat(http.get("/x", "x_envoy_attempt_count: 7").answer().body())
          .containsOnlyOnce("x-envoy-attempt-count: 1")
          .doesNotContain("x_envoy_attempt_count");
    }
  }

  @Test
  void theTimeOfARequestIsThatOfAllItsTries() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, hanging().port(), "v1");
    route(
        "shop",
        "timeout = 300ms\nretry { attempts = 10, per-try-timeout = 100ms, on = [ reset ] }");
    try (RawHttp http = call("shop")) {
      assertThat(http.get("/x").answer().status()).isEqualTo("504");
    }
    Eventually.holds("it is logged", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"UT\"");
  }

  @Test
  void aGrpcCallersOwnTimeIsKeptAndPassedOnAndItsAnswerIsGrpcs() throws Exception {
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, hanging().port(), "v1");
    mesh.service(mesh.h2, "echo", "e1", Protocol.HTTP, app(_ -> "200 OK").port(), "v1");
    route("shop", "timeout = 10s");
    route("echo", "timeout = 10s");
    String[] grpc = {"Content-Type: application/grpc", "grpc-timeout: 150m"};
    try (RawHttp http = call("shop")) {
      assertThat(http.get("/s/M", grpc).answer().head()).contains("grpc-status: 4");
    }
    try (RawHttp http = call("echo")) {
      assertThat(http.get("/s/M", grpc[0], "grpc-timeout: 8S").answer().body())
          .containsPattern("grpc-timeout: [4-7][0-9]{6}u\r\n");
      assertThat(http.get("/s/M", grpc[0]).answer().body())
          .containsPattern("grpc-timeout: 9[0-9]{6}u\r\n");
    }
  }

  @Test
  void aTunnelIsNeitherRepeatedNorEndedByATimeout() throws Exception {
    TcpApp upgrading =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              http.head();
              http.send(
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
              while (true) {
                http.send(http.line() + "\n");
              }
            });
    apps.add(upgrading);
    mesh.service(mesh.h2, "shop", "i1", Protocol.HTTP, upgrading.port(), "v1");
    route("shop", "timeout = 1s\nretry { on = [ 5xx ] }");
    try (RawHttp http = call("shop")) {
      http.get("/x", "Connection: Upgrade", "Upgrade: x");
      assertThat(http.head()).startsWith("HTTP/1.1 101");
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1500);
      while (System.nanoTime() < until) {
        http.send("word\n"); // For longer than the timeout.
        assertThat(http.line()).isEqualTo("word");
      }
    }
  }
}
