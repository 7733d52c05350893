package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.UpstreamRule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Faults that a route makes, and copies of its requests. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class FaultsRoadTest {
  private final TestMesh mesh = new TestMesh();
  private final List<TcpApp> apps = new ArrayList<>();
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final ConcurrentLinkedQueue<String> copies = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void start() throws Exception {
    mesh.service(mesh.h2, "shop", "s1", Protocol.HTTP, app(false).port(), "v1");
    mesh.service(mesh.h2, "shadow", "c1", Protocol.HTTP, app(true).port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    hanging.countDown();
    mesh.close();
    for (TcpApp app : apps) {
      app.close();
    }
  }

  /**
   * @param hangs whether it never answers, and keeps what it got
   */
  private TcpApp app(boolean hangs) throws IOException {
    TcpApp app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              while (true) {
                RawHttp.Answer request;
                try {
                  request = http.answer();
                } catch (IOException e) {
                  return;
                }
                if (hangs) {
                  copies.add(request.head() + request.body());
                  hanging.await(30, TimeUnit.SECONDS);
                  return;
                }
                http.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
              }
            });
    apps.add(app);
    return app;
  }

  private void route(String entry) {
    mesh.route("shop", "rules = [ { to = [ { } ]\n" + entry + "\n} ]");
  }

  private RawHttp call() throws IOException {
    return new RawHttp(mesh.h1.to("shop"));
  }

  @Test
  void onlyThoseThatAskForAFaultMeetIt() throws Exception {
    route("fault { abort { status = 418 }, header { x-chaos = yes } }");
    try (RawHttp http = call()) {
      assertThat(http.get("/x").answer().status()).isEqualTo("200");
      assertThat(http.get("/x", "X-Chaos: yes").answer().status()).isEqualTo("418");
      assertThat(http.get("/x", "X-Chaos: no").answer().status()).isEqualTo("200");
    }
    Eventually.holds(
        "it is logged",
        () -> mesh.h1.log.stream().anyMatch(line -> line.contains("\"flags\":\"FI\"")));
  }

  @Test
  void aGrpcCallGetsItsOwnStatus() throws Exception {
    route("fault { abort { grpc-status = 8 } }");
    try (RawHttp http = call()) {
      assertThat(http.get("/s/M", "Content-Type: application/grpc").answer().head())
          .contains("grpc-status: 8");
      assertThat(http.get("/x").answer().status()).as("no gRPC call").isEqualTo("200");
    }
  }

  @Test
  void aDelayComesBeforeTheTimeOfTheRequest() throws Exception {
    route("timeout = 5s\nfault { delay { time = 150ms } }");
    long begin = System.nanoTime();
    try (RawHttp http = call()) {
      http.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
      assertThat(http.answer().status()).isEqualTo("200");
    }
    assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(150));
    Eventually.holds("it is logged", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"DI\"", "\"status\":200");
  }

  @Test
  void aCallerThatGoesDuringADelayIsNoticedAtOnce() throws Exception {
    route("fault { delay { time = 10m } }");
    try (RawHttp http = call()) {
      http.get("/x");
      Eventually.holds(
          "it is delayed",
          () ->
              mesh.h1.registry.find("hostmesh_faults").tag("fault", "delay").counters().stream()
                  .anyMatch(counter -> counter.count() == 1));
    }
    Eventually.holds(
        "it is over",
        () -> mesh.h1.log.stream().anyMatch(line -> line.contains("\"flags\":\"DC\"")));
  }

  @Test
  void aMirrorThatHangsGetsItsCopyAndCostsTheCallerNothing() throws Exception {
    route("mirror { service = shadow }");
    try (RawHttp http = call()) {
      for (int i = 0; i < 3; i++) {
        http.send("POST /x HTTP/1.1\r\nHost: shop.mesh:80\r\nContent-Length: 4\r\n\r\nbody");
        assertThat(http.answer().status()).isEqualTo("200");
      }
    }
    Eventually.holds("the copies arrived", () -> copies.size() == 3);
    assertThat(copies)
        .allSatisfy(
            copy ->
                assertThat(copy)
                    .endsWith("body")
                    .containsIgnoringCase("host: shop.mesh-shadow:80"));
  }

  @Test
  void copiesTakeNoPlaceOfTheRequestsThatTheirServiceMayHave() throws Exception {
    ServiceName shadow = ServiceName.of("shadow");
    UpstreamRule rule =
        (UpstreamRule)
            RuleParser.parse("test", "kind = upstream, service = shadow\nlimits { requests = 1 }");
    mesh.mesh.upstreams.put(shadow, rule.upstream());
    route("mirror { service = shadow }");
    try (RawHttp http = call()) {
      for (int i = 0; i < 3; i++) {
        assertThat(http.get("/x").answer().status()).isEqualTo("200");
      }
    }
    Eventually.holds("the copies arrived, and hang", () -> copies.size() == 3);
    assertThat(
            mesh.h1
                .registry
                .get("hostmesh_upstream_requests_active")
                .tag("destination_service_name", "shadow")
                .gauge()
                .value())
        .isZero();
  }

  @Test
  void aMirrorThatTakesNothingHasItsCopyDropped() throws Exception {
    route("mirror { service = shadow }");
    String body = "x".repeat(3_000_000);
    try (RawHttp http = call()) {
      http.send(
          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
      assertThat(http.answer().status()).isEqualTo("200");
    }
    Eventually.holds("nothing more is done", () -> !mesh.h1.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"-\"");
  }

  @Test
  void aMirrorThatIsNotThereIsOnlyCounted() throws Exception {
    mesh.mesh.endpoints.put(ServiceName.of("shadow"), List.of());
    route("mirror { service = shadow }");
    try (RawHttp http = call()) {
      assertThat(http.get("/x").answer().status()).isEqualTo("200");
    }
    assertThat(mesh.h1.registry.get("hostmesh_mirrored").tag("result", "failed").counter().count())
        .isEqualTo(1);
  }
}
