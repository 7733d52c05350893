package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.micrometer.core.instrument.Counter;
import io.netty.channel.Channel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two agents whose connections break and come back. */
@Timeout(60)
@SuppressWarnings("StringConcatToTextBlock") // Lines on the wire end with CR LF.
class ResumptionTest {
  private TestMesh mesh;
  private TcpApp app;

  /** Answers with the head of the request. */
  private static void serve(java.net.Socket socket) throws Exception {
    RawHttp http = new RawHttp(socket);
    while (true) {
      String seen;
      try {
        seen = http.answer().head();
      } catch (IOException e) {
        return; // The agent closes connections that are idle.
      }
      http.send("HTTP/1.1 200 OK\r\nContent-Length: " + seen.length() + "\r\n\r\n" + seen);
    }
  }

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh(1);
    app = new TcpApp(ResumptionTest::serve);
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private String call() {
    try (RawHttp http = new RawHttp(mesh.h1.to("greeter"))) {
      return http.get("/").answer().body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void breakConnections() {
    for (Channel channel : Objects.requireNonNull(mesh.h2.accepted.get("mesh"))) {
      channel.close().syncUninterruptibly();
    }
  }

  private static List<Integer> handshakes(TestMesh.Agent agent) {
    return List.of(count(agent, "false"), count(agent, "true"));
  }

  private static int count(TestMesh.Agent agent, String resumed) {
    return agent
        .registry
        .find("hostmesh_tls_handshakes")
        .tag("resumed", resumed)
        .counters()
        .stream()
        .mapToInt((Counter counter) -> (int) counter.count())
        .sum();
  }

  @Test
  void theApplicationAndTheLogSeeTheSameCallerAfterwards() throws Exception {
    String first = call();
    breakConnections();
    Eventually.holds("the application answers again", () -> call().contains("/svc/web"));

    assertThat(first).contains("/svc/web");
    assertThat(handshakes(mesh.h1)).containsExactly(1, 1);
    assertThat(handshakes(mesh.h2)).containsExactly(1, 1);
    Eventually.holds("both calls are in the log", () -> mesh.h2.log.size() == 2);
    assertThat(mesh.h2.log).allMatch(line -> line.contains(TestMesh.id("web").uri()));
  }

  @Test
  void aRuleHoldsForAResumedSessionToo() throws Exception {
    call();
    breakConnections();
    mesh.mesh.access.put(
        ServiceName.of("greeter"),
        TcpRoadTest.access("kind=access,service=greeter,allow=[{from=batch}]"));

    Eventually.holds("the call is denied", () -> call().contains("does not allow web"));
    assertThat(handshakes(mesh.h2)).containsExactly(1, 1);
  }
}
