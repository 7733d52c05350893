package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.protocol.ServerNameTest;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RuleParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpRoadTest {
  private final TestMesh mesh = new TestMesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private Socket call(TestMesh.Agent agent) throws IOException {
    InetSocketAddress address = agent.to("db");
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private void db(TestMesh.Agent agent, TcpApp app) {
    mesh.service(agent, "db", "d1", Protocol.TCP, app.port(), "v1");
  }

  private static void echo(Socket socket) throws IOException {
    socket.getInputStream().transferTo(socket.getOutputStream());
    socket.shutdownOutput();
  }

  @Test
  void aServerMaySpeakFirst() throws Exception {
    try (TcpApp app =
        new TcpApp(
            socket -> {
              socket.getOutputStream().write("220 ready\r\n".getBytes(US_ASCII));
              echo(socket);
            })) {
      db(mesh.h2, app);
      try (Socket socket = call(mesh.h1)) {
        assertThat(socket.getInputStream().readNBytes(11)).asString().isEqualTo("220 ready\r\n");
        socket.getOutputStream().write("QUIT".getBytes(US_ASCII));
        assertThat(socket.getInputStream().readNBytes(4)).asString().isEqualTo("QUIT");
      }
    }
    Eventually.holds("both ends logged", () -> !mesh.h1.log.isEmpty() && !mesh.h2.log.isEmpty());
    assertThat(mesh.h1.log.peek()).contains("\"flags\":\"-\"").contains("\"response_bytes\":15");
    assertThat(mesh.h2.log.peek()).contains("svc/web").contains("\"flags\":\"-\"");
  }

  /** However it is cut: nothing waits for the rest of a ClientHello, as the echo shows. */
  @Test
  void theServerNameOfAPassingTlsConnectionIsLogged() throws Exception {
    byte[] hello = ServerNameTest.hello("secure.mesh");
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      mesh.service(mesh.h2, "secure", "s1", Protocol.AUTO, app.port(), "v1");
      mesh.service(mesh.h1, "near", "n1", Protocol.AUTO, app.port(), "v1");
      for (String service : new String[] {"db", "secure", "near"}) {
        InetSocketAddress address = mesh.h1.to(service);
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
          socket.setSoTimeout(20_000);
          for (byte[] part :
              new byte[][] {
                Arrays.copyOf(hello, 1),
                Arrays.copyOfRange(hello, 1, 60),
                Arrays.copyOfRange(hello, 60, hello.length)
              }) {
            socket.getOutputStream().write(part);
            assertThat(socket.getInputStream().readNBytes(part.length)).isEqualTo(part);
          }
        }
      }
    }
    Eventually.holds(
        "both ends log it, of each connection: " + mesh.h1.log + mesh.h2.log,
        () -> named(mesh.h1) == 4 && named(mesh.h2) == 2);
  }

  private static long named(TestMesh.Agent agent) {
    return agent.log.stream()
        .filter(line -> line.contains("\"requested_server_name\":\"secure.mesh\""))
        .count();
  }

  @Test
  void eachSideEndsByItself() throws Exception {
    try (TcpApp app =
        new TcpApp(
            socket -> {
              int length = socket.getInputStream().readAllBytes().length;
              socket.getOutputStream().write(("got " + length).getBytes(US_ASCII));
            })) {
      db(mesh.h2, app);
      try (Socket socket = call(mesh.h1)) {
        socket.getOutputStream().write(new byte[100_000]);
        socket.shutdownOutput();
        byte[] got = socket.getInputStream().readAllBytes();
        assertThat(got).asString().isEqualTo("got 100000");
      }
    }
  }

  @Test
  void aResetOfTheServerIsAReset() throws Exception {
    try (TcpApp app =
        new TcpApp(
            socket -> {
              socket.getInputStream().readNBytes(5);
              socket.setSoLinger(true, 0);
            })) {
      db(mesh.h2, app);
      try (Socket socket = call(mesh.h1)) {
        socket.getOutputStream().write("hello".getBytes(US_ASCII));
        assertThatThrownBy(() -> socket.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
      }
    }
  }

  @Test
  void aResetOfTheClientIsAReset() throws Exception {
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    try (TcpApp app =
        new TcpApp(
            socket -> {
              try {
                socket.getOutputStream().write('x');
                int last = socket.getInputStream().read();
                seen.complete(new AssertionError("read " + last));
              } catch (IOException e) {
                seen.complete(e);
              }
            })) {
      db(mesh.h2, app);
      Socket socket = call(mesh.h1);
      socket.getInputStream().readNBytes(1);
      socket.setSoLinger(true, 0);
      socket.close();
      assertThat(seen.get(20, TimeUnit.SECONDS)).hasMessageContaining("reset");
    }
  }

  @Test
  void bytesArriveInOrderThroughSlowReaders() throws Exception {
    byte[] block = new byte[1 << 20];
    new Random(1).nextBytes(block);
    int blocks = 64;
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      try (Socket socket = call(mesh.h1)) {
        OutputStream out = socket.getOutputStream();
        Thread writer =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        for (int i = 0; i < blocks; i++) {
                          out.write(block);
                        }
                        socket.shutdownOutput();
                      } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
        InputStream in = socket.getInputStream();
        for (int i = 0; i < blocks; i++) {
          assertThat(Arrays.equals(in.readNBytes(block.length), block)).isTrue();
        }
        assertThat(in.read()).isEqualTo(-1);
        writer.join();
      }
    }
  }

  @Test
  void aCallOnTheSameHostIsJudgedAndCounted() throws Exception {
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h1, app);
      try (Socket socket = call(mesh.h1)) {
        socket.getOutputStream().write("hello".getBytes(US_ASCII));
        socket.shutdownOutput();
        assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("hello");
      }
    }
    Eventually.holds("both sides logged", () -> mesh.h1.log.size() == 2);
  }

  @Test
  void aDeniedCallerIsReset() throws Exception {
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      mesh.mesh.access.put(
          ServiceName.of("db"), access("kind=access,service=db,allow=[{from=api}]"));
      refused(mesh.h1);
    }
    Eventually.holds(
        "it is counted", () -> mesh.h2.metrics.failures(Failure.Kind.ACCESS_DENIED) == 1);
    assertThat(mesh.h1.log.peek()).contains("UAEX").contains("does not allow web");
  }

  @Test
  void aRuleThatNeedsRequestsRefusesConnections() throws Exception {
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      mesh.mesh.access.put(
          ServiceName.of("db"), access("kind=access,service=db,allow=[{from=web,paths=[\"/a\"]}]"));
      refused(mesh.h1);
    }
    assertThat(mesh.h1.log.peek()).contains("declare the service's protocol");
  }

  @Test
  void anUnknownCallerIsReset() throws Exception {
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      mesh.h1.caller = new Caller.Unknown("the process of uid 1000");
      refused(mesh.h1);
    }
    assertThat(mesh.h1.log.peek()).contains("uid 1000").contains("services.d");
  }

  @Test
  void aPortThatSomebodyElseTookGetsNothing() throws Exception {
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      db(mesh.h2, app);
      mesh.h2.listenerRefusal = java.util.Optional.of("uid 1001 listens on the port of db");
      refused(mesh.h1);
    }
    assertThat(mesh.h1.log.peek()).contains("uid 1001 listens");
  }

  @Test
  void nobodyListens() throws Exception {
    TcpApp app = new TcpApp(TcpRoadTest::echo);
    app.close();
    db(mesh.h2, app);
    refused(mesh.h1);
    assertThat(mesh.h1.log.peek()).contains("\"UF\"");
  }

  @Test
  void anotherInstanceIsTriedWhereOneCannotBeReached() throws Exception {
    TcpApp dead = new TcpApp(TcpRoadTest::echo);
    dead.close();
    try (TcpApp app = new TcpApp(TcpRoadTest::echo)) {
      mesh.service(mesh.h2, "db", "dead", Protocol.TCP, dead.port(), "v1");
      mesh.service(mesh.h2, "db", "d1", Protocol.TCP, app.port(), "v1");
      for (int i = 0; i < 10; i++) {
        try (Socket socket = call(mesh.h1)) {
          socket.getOutputStream().write("hello".getBytes(US_ASCII));
          assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        }
      }
    }
  }

  @Test
  void ownPortsTakeOnlyRedirectedConnections() throws Exception {
    InetSocketAddress address = mesh.h1.direct();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    assertThat(mesh.h1.log.peek()).contains("only takes redirected connections");
  }

  private void refused(TestMesh.Agent agent) throws IOException {
    try (Socket socket = call(agent)) {
      assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    Eventually.holds("the refusal is logged", () -> !agent.log.isEmpty());
  }

  static AccessTable access(String rule) {
    AccessRule parsed = (AccessRule) RuleParser.parse("test", rule);
    return AccessTable.compile(
        parsed.scope().service().orElseThrow(), "test.local", List.of(parsed), true);
  }
}
