package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is revoked ends, on both hosts, and does not come back. */
@Timeout(60)
class RevokedRoadTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final ServiceName DB = ServiceName.of("db");

  private final TestMesh mesh = new TestMesh();
  private TcpApp app;

  @BeforeEach
  void begin() throws IOException {
    app =
        new TcpApp(
            socket -> {
              socket.getInputStream().transferTo(socket.getOutputStream());
              socket.shutdownOutput();
            });
    mesh.service(mesh.h2, "db", "d1", Protocol.TCP, app.port(), "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.TCP, app.port(), "v1");
  }

  @AfterEach
  void stop() throws Exception {
    app.close();
    mesh.close();
  }

  private Socket call(String service) throws IOException {
    InetSocketAddress address = mesh.h1.to(service);
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static boolean isAnswered(Socket socket) throws IOException {
    try {
      socket.getOutputStream().write('x');
      return socket.getInputStream().read() == 'x';
    } catch (SocketException e) {
      return false;
    }
  }

  private void denied(TestMesh.Agent agent, DenyList.Entry... entries) {
    TrustRoots roots = mesh.authority.roots();
    agent.roots =
        new TrustRoots(
            roots.trustDomain(),
            roots.roots(),
            roots.sequence(),
            new DenyList(1, List.of(entries)),
            Set.of());
    agent.path.rootsChanged();
  }

  private static DenyList.Entry service(ServiceName name) {
    return new DenyList.Entry(
        "r1", Optional.empty(), Optional.of(name), Set.of(), "stolen", Instant.MAX);
  }

  @Test
  void theCalledHostEndsWhatARevokedCallerHasOpen() throws Exception {
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
      denied(mesh.h2, service(WEB));
      assertThat(isClosed(socket)).isTrue();
      try (Socket again = call("db")) {
        assertThat(isAnswered(again)).isFalse();
      }
    }
    denied(mesh.h2);
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
    }
  }

  private static boolean isClosed(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }

  @Test
  void theCallingHostEndsWhatItHasOpenToARevokedService() throws Exception {
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
      denied(mesh.h1, service(DB));
      assertThat(isClosed(socket)).isTrue();
      try (Socket again = call("db")) {
        assertThat(isAnswered(again)).isFalse();
      }
    }
    Eventually.holds(
        "the reason is logged: " + mesh.h1.log,
        () -> mesh.h1.log.stream().anyMatch(line -> line.contains("was revoked (r1: stolen)")));
  }

  @Test
  void oneCertificateIsMeantAndNoOther() throws Exception {
    String serial =
        Objects.requireNonNull(mesh.h1.svids.get(WEB)).leaf().getSerialNumber().toString(16);
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
      denied(
          mesh.h2,
          new DenyList.Entry(
              "r2", Optional.empty(), Optional.empty(), Set.of(serial), "", Instant.MAX));
      assertThat(isClosed(socket)).isTrue();
    }
    mesh.h1.svids.put(WEB, mesh.authority.issue(TestMesh.id("web")));
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
    }
  }

  @Test
  void anotherServicesConnectionsGoOn() throws Exception {
    try (Socket socket = call("db")) {
      assertThat(isAnswered(socket)).isTrue();
      denied(mesh.h2, service(ServiceName.of("batch")));
      assertThat(isAnswered(socket)).isTrue();
    }
  }

  @Test
  void onItsOwnHostItIsNobody() throws Exception {
    try (Socket socket = call("near")) {
      assertThat(isAnswered(socket)).isTrue();
      denied(mesh.h1, service(WEB));
      assertThat(isClosed(socket)).isTrue();
    }
    try (Socket socket = call("near")) {
      assertThat(isAnswered(socket)).isFalse();
    }
    Eventually.holds(
        "the reason is logged: " + mesh.h1.log,
        () ->
            mesh.h1.log.stream()
                .anyMatch(line -> line.contains("web, which was revoked (r1: stolen)")));
  }

  private static DenyList.Entry placed(String node, String service) {
    return new DenyList.Entry(
        "r3",
        Optional.empty(),
        Optional.empty(),
        Optional.of(new DenyList.Placed(node, ServiceName.of(service))),
        Set.of(),
        "",
        Instant.MAX);
  }

  @Test
  void revokedOnOneHostItHasNoDealingsWithItsNeighboursThere() throws Exception {
    for (String either : List.of("web", "near")) {
      try (Socket socket = call("near")) {
        assertThat(isAnswered(socket)).isTrue();
        denied(mesh.h1, placed("h2", either), placed("h1", "other"));
        assertThat(isAnswered(socket)).isTrue();
        denied(mesh.h1, placed("h1", either));
        assertThat(isClosed(socket)).as(either).isTrue();
        try (Socket again = call("near")) {
          assertThat(isAnswered(again)).as(either).isFalse();
        }
      }
      denied(mesh.h1);
    }
  }

  /** The agent took the connection before; each request is judged. */
  @Test
  void aConnectionThatWaitsForItsNextRequestBringsNoneAnyMore() throws Exception {
    try (TcpApp pages = new TcpApp(RevokedRoadTest::pages)) {
      mesh.service(mesh.h1, "pages", "p1", Protocol.HTTP, pages.port(), "v1");
      try (RawHttp http = new RawHttp(mesh.h1.to("pages"))) {
        assertThat(http.get("/").answer().status()).isEqualTo("200");
        denied(mesh.h1, service(WEB));
        RawHttp.Answer refused = http.get("/").answer();
        assertThat(refused.status()).isEqualTo("403");
        assertThat(refused.body()).contains("web, which was revoked (r1: stolen)");
      }
    }
  }

  private static void pages(Socket socket) throws IOException {
    RawHttp requests = new RawHttp(socket);
    while (true) {
      requests.head();
      requests.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  }
}
