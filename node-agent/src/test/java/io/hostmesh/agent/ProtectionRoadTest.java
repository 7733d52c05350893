package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.Locality;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.UpstreamRule;
import io.micrometer.core.instrument.FunctionCounter;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What keeps services, and their callers, from harm: limits and the ejection of outliers. */
@Timeout(60)
class ProtectionRoadTest {
  private final CountDownLatch go = new CountDownLatch(1);
  private final CountDownLatch inside = new CountDownLatch(1);
  private volatile String broken = "";
  private volatile String ill = "";
  private volatile String crashing = "";
  private final AtomicInteger asked = new AtomicInteger();
  private TestMesh mesh;
  private TcpApp one;
  private TcpApp two;

  private TcpApp app(String name) throws IOException {
    return new TcpApp(
        socket -> {
          RawHttp http = new RawHttp(socket);
          while (true) {
            RawHttp.Answer request;
            try {
              request = http.answer();
            } catch (IOException e) {
              return;
            }
            if (request.head().split(" ", 3)[1].equals("/wait")) {
              inside.countDown();
              go.await();
            }
            boolean check = request.head().contains("/healthz");
            asked.addAndGet(check ? 1 : 0);
            if (check && crashing.equals(name)) {
              return; // And the connection is closed.
            }
            http.send(
                "HTTP/1.1 "
                    + ((check ? ill : broken).equals(name) ? "500 Broken" : "200 OK")
                    + "\r\nContent-Length: 3\r\n\r\n"
                    + name);
          }
        });
  }

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    one = app("one");
    two = app("two");
    mesh.service(mesh.h2, "shop", "s1", Protocol.HTTP, one.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    go.countDown();
    mesh.close();
    one.close();
    two.close();
  }

  private void rule(String sections) {
    UpstreamRule rule =
        (UpstreamRule)
            RuleParser.parse("the rule shop.conf", "kind = upstream, service = shop\n" + sections);
    mesh.mesh.upstreams.put(ServiceName.of("shop"), rule.upstream());
  }

  private RawHttp call() throws IOException {
    return new RawHttp(mesh.h1.to("shop"));
  }

  private double counter(String name, String... tags) {
    return mesh.h1.registry.find("hostmesh_upstream_" + name).tags(tags).functionCounters().stream()
        .mapToDouble(FunctionCounter::count)
        .sum();
  }

  private double gauge(String name) {
    return mesh.h1.registry.get("hostmesh_upstream_" + name).gauge().value();
  }

  @Test
  void oneRequestTooManyIsRefusedAtOnceByWhicheverConnectionItComes() throws Exception {
    rule("limits { requests = 1 }");
    try (RawHttp first = call();
        RawHttp second = call()) {
      first.get("/wait");
      inside.await();
      assertThat(gauge("requests_active")).isEqualTo(1);
      RawHttp.Answer refused = second.get("/").answer();
      assertThat(refused.status()).isEqualTo("503");
      assertThat(refused.body())
          .contains("1 requests under way to shop, the most that limits.requests of")
          .contains("shop.conf allows");
      Eventually.holds(
          "a line with UO",
          () -> mesh.h1.log.stream().anyMatch(line -> line.contains("\"flags\":\"UO\"")));
      assertThat(counter("overflows", "limit", "requests")).isEqualTo(1);
      go.countDown();
      assertThat(first.answer().status()).isEqualTo("200");
      assertThat(second.get("/").answer().status()).isEqualTo("200");
    }
    Eventually.holds("no request", () -> gauge("requests_active") == 0);
  }

  @Test
  void connectionsToInstancesAreLimitedAndOneThatIdlesGivesWay() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("limits { connections = 1 }");
    try (RawHttp first = call()) {
      first.get("/wait");
      inside.await();
      assertThat(gauge("connections_active")).isEqualTo(1);
      try (RawHttp second = call()) {
        RawHttp.Answer refused = second.get("/").answer();
        assertThat(refused.status()).as(refused.body()).isEqualTo("503");
        assertThat(refused.body()).contains("1 connections open to shop");
      }
      go.countDown();
      assertThat(first.answer().status()).isEqualTo("200");
    }
    Eventually.holds("the idle connection is closed", () -> gauge("connections_active") == 0);
    try (RawHttp third = call()) {
      assertThat(third.get("/").answer().status()).isEqualTo("200");
    }
  }

  @Test
  void aRenewedCertificateTakesNoSecondPlaceAmongTheConnections() throws Exception {
    mesh.close();
    mesh = new TestMesh(1); // Each loop has connections of its own.
    mesh.service(mesh.h2, "shop", "s1", Protocol.HTTP, one.port(), "v1");
    rule("limits { connections = 1 }");
    try (RawHttp first = call();
        RawHttp second = call()) {
      first.get("/wait");
      inside.await();
      mesh.h1.svids.put(ServiceName.of("web"), mesh.authority.issue(TestMesh.id("web")));
      RawHttp.Answer answer = second.get("/").answer();
      assertThat(answer.status()).as(answer.body()).isEqualTo("200");
      assertThat(gauge("connections_active")).isEqualTo(1);
      go.countDown();
      assertThat(first.answer().status()).isEqualTo("200");
    }
    Eventually.holds("one is left", () -> gauge("connections_active") == 1);
  }

  @Test
  void oneThatAnswers500IsOutAndComesBack() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("outliers { consecutive-5xx = 3, ejection = 2s, interval = 1s }");
    broken = "one";
    try (RawHttp http = call()) {
      Map<String, Integer> bodies = new HashMap<>();
      for (int i = 0; i < 60; i++) {
        bodies.merge(http.get("/").answer().body(), 1, Integer::sum);
      }
      assertThat(bodies.get("one")).as("500s before it was out").isEqualTo(3);
      assertThat(gauge("instances_out")).isEqualTo(1);
      assertThat(counter("ejections")).isEqualTo(1);
      assertThat(mesh.h1.path.protectedNow())
          .singleElement()
          .satisfies(
              said ->
                  assertThat(said.text())
                      .startsWith("instance s1 on h2 is ejected for ")
                      .endsWith(" s: 3 answers of 5xx in a row"));
      broken = "";
      Eventually.holds("all are back", () -> gauge("instances_out") == 0);
      for (int i = 0; i < 60; i++) {
        bodies.merge(http.get("/").answer().body(), 1, Integer::sum);
      }
      assertThat(bodies.get("one")).isGreaterThan(10);
    }
  }

  @Test
  void withoutARuleAnswersOf500EjectNobody() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    broken = "one";
    try (RawHttp http = call()) {
      int errors = 0;
      for (int i = 0; i < 60; i++) {
        errors += http.get("/").answer().status().equals("500") ? 1 : 0;
      }
      assertThat(errors).isGreaterThan(10);
    }
    assertThat(mesh.h1.path.protectedNow()).isEmpty();
  }

  @Test
  void oneThatFailsItsCheckIsOutThoughItAnswersAndComesBack() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("health-checks = [ { http = /healthz, interval = 100ms, healthy = 2, unhealthy = 2 } ]");
    ill = "two";
    try (RawHttp http = call()) {
      http.get("/").answer();
      Eventually.holds("two is out", () -> gauge("instances_out") == 1);
      for (int i = 0; i < 30; i++) {
        assertThat(http.get("/").answer().body()).isEqualTo("one");
      }
      assertThat(mesh.h1.path.protectedNow())
          .singleElement()
          .satisfies(
              said ->
                  assertThat(said.text())
                      .isEqualTo(
                          "instance s2 on h2 fails its health check: GET /healthz: status 500"));
      ill = "";
      Eventually.holds("two is back", () -> gauge("instances_out") == 0);
    }
  }

  @Test
  void oneThatCrashesOnItsCheckIsOut() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("health-checks = [ { http = /healthz, interval = 100ms, unhealthy = 2 } ]");
    crashing = "two";
    try (RawHttp http = call()) {
      http.get("/").answer();
      Eventually.holds("two is out", () -> gauge("instances_out") == 1);
      assertThat(mesh.h1.path.protectedNow())
          .singleElement()
          .satisfies(said -> assertThat(said.text()).startsWith("instance s2 on h2 fails its"));
    }
  }

  @Test
  void aChangedWeightOrDescriptionOfAnInstanceDoesNotForgetItsChecks() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("health-checks = [ { http = /healthz, interval = 100ms, unhealthy = 5 } ]");
    ill = "two";
    try (RawHttp http = call()) {
      http.get("/").answer();
      Eventually.holds("two is out", () -> gauge("instances_out") == 1);
      ServiceName shop = ServiceName.of("shop");
      mesh.mesh.endpoints.put(
          shop,
          Objects.requireNonNull(mesh.mesh.endpoints.get(shop)).stream()
              .map(
                  each ->
                      new Endpoint(
                          each.service(),
                          each.instance(),
                          each.node(),
                          each.application(),
                          each.mesh(),
                          true,
                          Map.of("version", "v2"),
                          false,
                          Locality.NONE,
                          7))
              .toList());
      assertThat(http.get("/").answer().body()).isEqualTo("one");
      int before = asked.get();
      Eventually.holds(
          "both are asked on",
          () -> {
            assertThat(gauge("instances_out")).isEqualTo(1);
            return asked.get() > before + 40; // Two seconds: the list has been looked at again.
          });
    }
  }

  @Test
  void checksAreAskedInTheNameOfACallerThatIsStillThere() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    rule("health-checks = [ { http = /healthz, interval = 100ms, unhealthy = 1 } ]");
    ServiceName web = ServiceName.of("web");
    ServiceName batch = ServiceName.of("batch");
    mesh.h1.svids.put(batch, mesh.authority.issue(TestMesh.id("batch")));
    try (RawHttp http = call()) {
      http.get("/").answer();
    }
    Eventually.holds("it is asked in the name of web", () -> asked.get() > 0);
    mesh.h1.caller = new Caller.Service(batch);
    try (RawHttp http = call()) {
      http.get("/").answer();
      mesh.h1.svids.remove(web);
      int before = asked.get();
      Eventually.holds("both are asked on", () -> asked.get() > before + 10);
      assertThat(gauge("instances_out")).isZero();
      ill = "two";
      Eventually.holds("two is out", () -> gauge("instances_out") == 1);
      mesh.h1.svids.remove(batch);
      Eventually.holds(
          "that nobody can ask is told",
          () ->
              mesh.h1.path.protectedNow().stream()
                  .anyMatch(said -> said.text().contains("batch has no certificate now")));
      assertThat(gauge("instances_out")).as("which says nothing of any instance").isEqualTo(1);
    }
  }

  @Test
  void aCheckThatMayNotAskSaysSoAndTakesNobodyOut() throws Exception {
    mesh.service(mesh.h2, "shop", "s2", Protocol.HTTP, two.port(), "v1");
    ServiceName shop = ServiceName.of("shop");
    mesh.mesh.access.put(
        shop,
        AccessTable.compile(
            shop,
            "test.local",
            java.util.List.of(
                (AccessRule)
                    RuleParser.parse(
                        "a.conf",
                        "kind = access, service = shop, allow = [ { from = [web], paths = [\"/open\"] } ]")),
            false));
    rule("health-checks = [ { http = /healthz, interval = 100ms, unhealthy = 1 } ]");
    try (RawHttp http = call()) {
      assertThat(http.get("/open").answer().status()).isEqualTo("200");
      Eventually.holds("it is told", () -> mesh.h1.path.protectedNow().size() == 2);
      assertThat(mesh.h1.path.protectedNow().getFirst().text())
          .contains("cannot be asked by the health check GET /healthz in the name of")
          .contains("svc/web");
      assertThat(gauge("instances_out")).isZero();
      assertThat(http.get("/open").answer().status()).isEqualTo("200");
    }
  }
}
