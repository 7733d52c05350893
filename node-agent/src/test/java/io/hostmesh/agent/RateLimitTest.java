package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.limit.LimitTable;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.RuleParser;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests through two agents to a service with limits. */
@Timeout(60)
class RateLimitTest {
  private static final ServiceName FAR = ServiceName.of("far");

  private final TestMesh mesh = new TestMesh();
  private final AtomicInteger served = new AtomicInteger();
  private TcpApp app;

  @BeforeEach
  void start() throws Exception {
    app =
        TcpApp.http(
            _ -> {
              served.incrementAndGet();
              return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private void limits(String limits) {
    limits(FAR, limits);
  }

  private void limits(ServiceName service, String limits) {
    mesh.mesh.limits.put(
        service,
        LimitTable.compile(
            service,
            List.of(
                (LimitRule)
                    RuleParser.parse(
                        "test",
                        "kind = limit, service = " + service + "\nlimits = [\n" + limits + "\n]")),
            null));
  }

  private static RawHttp.Answer get(InetSocketAddress to, String... headers) throws IOException {
    try (RawHttp http = new RawHttp(to)) {
      return http.get("/", headers).answer();
    }
  }

  private RawHttp.Answer get(String... headers) throws IOException {
    return get(mesh.h1.to("far"), headers);
  }

  private double refused(String dryRun) {
    return refused("limit/default/far#all", dryRun);
  }

  private double refused(String rule, String dryRun) {
    return mesh.h2
        .registry
        .get("hostmesh_rate_limited")
        .tags("rule", rule, "dry_run", dryRun)
        .counter()
        .count();
  }

  @Test
  void whoIsOverTheLimitIsAnswered429AndTheLogNamesTheRule() throws Exception {
    limits("{ name = all, rate = \"2/h\" }");
    RawHttp.Answer first = get();
    assertThat(first.status()).isEqualTo("200");
    assertThat(first.has("x-ratelimit-limit: 2, 2;w=3600\r\n")).isTrue();
    assertThat(first.has("x-ratelimit-remaining: 1\r\n")).isTrue();
    assertThat(get().has("x-ratelimit-remaining: 0\r\n")).isTrue();
    RawHttp.Answer over = get();
    assertThat(over.status()).isEqualTo("429");
    assertThat(over.body()).contains("over limit/default/far#all, the limit of far (2/h, burst 2)");
    assertThat(over.has("retry-after: 1800\r\n")).isTrue();
    assertThat(over.has("x-ratelimit-remaining: 0\r\n")).isTrue();
    assertThat(served).hasValue(2);
    assertThat(refused("false")).isEqualTo(1);
    Eventually.holds(
        "a line of both agents",
        () ->
            mesh.h2.log.stream()
                    .anyMatch(
                        line ->
                            line.contains("\"flags\":\"RL\"")
                                && line.contains("\"rule\":\"limit/default/far#all\""))
                && mesh.h1.log.stream().anyMatch(line -> line.contains("\"flags\":\"RL\"")));
  }

  @Test
  void gRpcCallersAreToldThatTheResourceIsExhausted() throws Exception {
    limits("{ name = all, rate = \"1/h\" }");
    assertThat(get().status()).isEqualTo("200");
    RawHttp.Answer over = get("Content-Type: application/grpc");
    assertThat(over.has("grpc-status: 8\r\n")).isTrue();
    assertThat(over.has("grpc-message: over limit/default/far#all")).isTrue();
  }

  @Test
  void eachValueOfAHeaderHasItsOwnLimit() throws Exception {
    limits("{ name = users, rate = \"1/h\", per = [ header x-user ] }");
    assertThat(get("X-User: ann").status()).isEqualTo("200");
    assertThat(get("X-User: ann").status()).isEqualTo("429");
    assertThat(get("X-User: bob").status()).isEqualTo("200");
    assertThat(get().status()).isEqualTo("200");
    assertThat(get().status()).isEqualTo("429");
  }

  @Test
  void aPathIsCountedHoweverItIsWritten() throws Exception {
    limits("{ name = slow, rate = \"2/h\", match { path = \"/slow/*\", method = GET } }");
    try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
      assertThat(http.get("/slow/1").answer().status()).isEqualTo("200");
      assertThat(http.get("/x/..//%73low/1").answer().status()).isEqualTo("200");
      assertThat(http.get("/slow/2").answer().status()).isEqualTo("429");
      assertThat(http.get("/fast").answer().status()).isEqualTo("200");
      assertThat(http.get("/fast/..%2fslow/2").answer().status()).isEqualTo("400");
    }
  }

  @Test
  void callsOnTheSameHostAndOfNoServiceAreCountedToo() throws Exception {
    limits("{ name = sources, rate = \"1/h\", per = [ source ] }");
    assertThat(get().status()).isEqualTo("200");
    mesh.h2.caller = new io.hostmesh.agent.connection.Caller.Service(ServiceName.of("near"));
    InetSocketAddress neighbour = mesh.h2.to("far");
    assertThat(get(neighbour).status()).isEqualTo("200");
    assertThat(get(neighbour).status()).isEqualTo("429");
    assertThat(get().status()).isEqualTo("429");
  }

  @Test
  void whoMayNotCallTakesNothing() throws Exception {
    limits("{ name = all, rate = \"1/h\" }");
    mesh.mesh.access.put(
        FAR,
        AccessTable.compile(
            FAR,
            "test.local",
            List.of(
                (AccessRule) RuleParser.parse("test", "kind = access, service = far, allow = []")),
            true));
    assertThat(get().status()).isEqualTo("403");
    mesh.mesh.access.clear();
    assertThat(get().status()).isEqualTo("200");
    assertThat(get().status()).isEqualTo("429");
  }

  @Test
  void aLimitOnTrialIsOnlyCountedAndLogged() throws Exception {
    limits("{ name = all, rate = \"1/h\", dry-run = true }");
    assertThat(get().status()).isEqualTo("200");
    RawHttp.Answer over = get();
    assertThat(over.status()).isEqualTo("200");
    assertThat(over.has("x-ratelimit-limit")).isFalse();
    assertThat(refused("true")).isEqualTo(1);
    Eventually.holds(
        "a note in the log",
        () ->
            mesh.h2.log.stream()
                .anyMatch(line -> line.contains("\"dry_run_deny\":\"limit/default/far#all\"")));
  }

  @Test
  void connectionsAreCountedWhereNoRequestsAreRead() throws Exception {
    try (TcpApp echo =
        new TcpApp(
            socket -> {
              socket.getOutputStream().write(socket.getInputStream().read());
              socket.close();
            })) {
      mesh.service(mesh.h2, "line", "l1", Protocol.TCP, echo.port(), "v1");
      limits(ServiceName.of("line"), "{ name = all, rate = \"1/h\" }");
      try (RawHttp one = new RawHttp(mesh.h1.to("line"))) {
        assertThat(one.send("x").read()).isEqualTo('x');
      }
      try (RawHttp two = new RawHttp(mesh.h1.to("line"))) {
        two.send("x");
        assertThat(read(two)).isEqualTo(-1);
      }
      Eventually.holds(
          "the refusal is counted", () -> refused("limit/default/line#all", "false") == 1);
    }
  }

  /** A reset is an end as well. */
  private static int read(RawHttp connection) {
    try {
      return connection.read();
    } catch (IOException e) {
      return -1;
    }
  }
}
