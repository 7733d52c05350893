package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.MeshMode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was let in ends when it would not be let in any more. */
class LiveCallsTest {
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final TestMesh mesh = new TestMesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private void rule(String service, String text) {
    mesh.mesh.access.put(
        ServiceName.of(service), TcpRoadTest.access("kind=access,service=" + service + "," + text));
  }

  private void changed() {
    mesh.h1.path.live().meshChanged();
    mesh.h2.path.live().meshChanged();
  }

  private static Socket open(InetSocketAddress address) throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    ping(socket);
    return socket;
  }

  private static void ping(Socket socket) throws IOException {
    socket.getOutputStream().write("ping".getBytes(US_ASCII));
    assertThat(socket.getInputStream().readNBytes(4)).asString().isEqualTo("ping");
  }

  private static TcpApp echo() throws IOException {
    return new TcpApp(socket -> socket.getInputStream().transferTo(socket.getOutputStream()));
  }

  /** The other side has broken off, within the limit. */
  private static void ends(Socket socket, long since) throws IOException {
    try {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    } catch (java.net.SocketException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(LIMIT);
  }

  @Test
  void connectionsOnAnyRoadEndAndOthersGoOn() throws Exception {
    try (TcpApp app = echo()) {
      mesh.service(mesh.h2, "far", "f1", Protocol.TCP, app.port(), "v1");
      mesh.service(mesh.h1, "near", "n1", Protocol.TCP, app.port(), "v1");
      mesh.service(mesh.h2, "other", "o1", Protocol.TCP, app.port(), "v1");
      try (Socket far = open(mesh.h1.to("far"));
          Socket near = open(mesh.h1.to("near"));
          Socket captured = open(mesh.h1.captured("n1"));
          Socket other = open(mesh.h1.to("other"))) {
        rule("other", "allow=[{from=web}]");
        changed();
        ping(far);
        ping(other);
        rule("far", "deny=[{name=gone,from=web}]");
        rule("near", "allow=[]");
        long since = System.nanoTime();
        changed();
        ends(far, since);
        ends(near, since);
        ends(captured, since);
        ping(other);
      }
    }
    Eventually.holds(
        "the reason is logged, with the rule: " + mesh.h2.log,
        () ->
            mesh.h2.log.stream()
                .anyMatch(
                    line ->
                        line.contains("ACCESS_DENIED")
                            && line.contains("access/default/far#gone")));
  }

  @Test
  void tunnelsAndLongAnswersEnd() throws Exception {
    try (TcpApp app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              if (http.head().startsWith("GET /ws")) {
                http.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst");
              } else {
                http.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst");
              }
              http.in().transferTo(socket.getOutputStream());
            })) {
      mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
      mesh.service(mesh.h1, "near", "n1", Protocol.HTTP, app.port(), "v1");
      List<RawHttp> open = new ArrayList<>();
      for (String service : List.of("far", "near")) {
        for (String path : List.of("/ws", "/long")) {
          RawHttp http = new RawHttp(mesh.h1.to(service));
          open.add(http.get(path, "Connection: Upgrade", "Upgrade: x"));
          http.head();
          assertThat(http.body(5)).isEqualTo("first");
        }
        rule(service, "deny=[{from=web,methods=GET}]");
      }
      long since = System.nanoTime();
      changed();
      for (RawHttp http : open) {
        ends(http.socket, since);
        http.close();
      }
    }
  }

  @Test
  void whatIsNearlyOverEndsByItself() throws Exception {
    try (TcpApp app =
        TcpApp.http(
            _ -> {
              rule("far", "allow=[]");
              changed();
              return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            })) {
      mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
      try (RawHttp http = new RawHttp(mesh.h1.to("far"))) {
        assertThat(http.get("/").answer().status()).isEqualTo("200");
        assertThat(http.get("/").answer().status()).isEqualTo("403");
      }
    }
  }

  @Test
  void plaintextEndsWhenAServiceBecomesStrict() throws Exception {
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", true, false);
    mesh.h2.caller = new Caller.Remote(Optional.empty());
    try (TcpApp app = echo()) {
      mesh.service(mesh.h2, "db", "d1", Protocol.TCP, app.port(), "v1");
      try (Socket outside = open(mesh.h2.captured("d1"));
          Socket inside = open(mesh.h1.to("db"))) {
        mesh.mesh.modes.put(ServiceName.of("db"), MeshMode.STRICT);
        long since = System.nanoTime();
        changed();
        ends(outside, since);
        ping(inside);
        assertThat(mesh.h2.path.plaintext().seen())
            .singleElement()
            .satisfies(
                seen -> {
                  assertThat(seen.service()).isEqualTo(ServiceName.of("db"));
                  assertThat(seen.caller()).isEqualTo("127.0.0.1");
                  assertThat(seen.calls()).isEqualTo(1);
                });
      }
    }
  }
}
