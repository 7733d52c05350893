package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Applications keep many connections and use few of them at a time: all of them still answer, and
 * each waits in what is shared with the others. Ten thousand are held by {@code benchmarks/run}.
 */
@Timeout(120)
class IdleConnectionsTest {
  private static final int HTTP = 1_000;
  private static final int TCP = 200;

  private final TestMesh mesh = new TestMesh();
  private final Random random = new Random(7);

  @AfterEach
  void stop() {
    mesh.close();
  }

  @Test
  void aThousandHttpConnectionsWaitAndAnswer() throws Exception {
    try (TcpApp app =
        TcpApp.http(
            request -> {
              String path = request.head().split(" ", 3)[1];
              return "HTTP/1.1 200 OK\r\nContent-Length: " + path.length() + "\r\n\r\n" + path;
            })) {
      mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
      InetSocketAddress greeter = mesh.h1.to("greeter");
      List<RawHttp> waiting = new ArrayList<>();
      try {
        for (int i = 0; i < HTTP; i++) {
          RawHttp http = new RawHttp(greeter);
          waiting.add(http);
          assertThat(http.get("/first/" + i).answer().body()).isEqualTo("/first/" + i);
        }
        assertThat(mesh.h1.path.openConnections()).isEqualTo(HTTP);
        assertThat(mesh.h2.path.openConnections())
            .as("the callers' connections share those between the agents")
            .isLessThan(10);
        assertThat(app.accepted).as("and those to the application").hasValueLessThan(10);

        Collections.shuffle(waiting, random);
        for (int i = 0; i < HTTP; i++) {
          waiting.get(i).get("/again/" + i); // All of them before the first answer is read.
        }
        for (int i = 0; i < HTTP; i++) {
          assertThat(waiting.get(i).answer().body()).isEqualTo("/again/" + i);
        }
      } finally {
        closeAll(waiting);
      }
    }
    Eventually.holds("no connection is left", () -> mesh.h1.path.openConnections() == 0);
  }

  @Test
  void hundredsOfTcpConnectionsWaitAndAnswer() throws Exception {
    try (TcpApp echo =
        new TcpApp(
            socket -> {
              socket.getInputStream().transferTo(socket.getOutputStream());
              socket.shutdownOutput();
            })) {
      mesh.service(mesh.h2, "db", "d1", Protocol.TCP, echo.port(), "v1");
      InetSocketAddress db = mesh.h1.to("db");
      List<Socket> waiting = new ArrayList<>();
      try {
        for (int i = 0; i < TCP; i++) {
          Socket socket = new Socket(db.getAddress(), db.getPort());
          socket.setSoTimeout(20_000);
          waiting.add(socket);
          exchange(socket, "first " + i);
        }
        assertThat(echo.accepted).as("one each at the application").hasValue(TCP);

        Collections.shuffle(waiting, random);
        for (int i = 0; i < TCP; i++) {
          exchange(waiting.get(i), "again " + i);
        }
        for (Socket socket : waiting) {
          socket.shutdownOutput();
          assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
      } finally {
        closeAll(waiting);
      }
      assertThat(echo.failures).isEmpty();
    }
    Eventually.holds("no connection is left", () -> mesh.h1.path.openConnections() == 0);
  }

  private static void exchange(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
    assertThat(socket.getInputStream().readNBytes(text.length())).asString().isEqualTo(text);
  }

  private static void closeAll(List<? extends AutoCloseable> connections) throws Exception {
    for (AutoCloseable connection : connections) {
      connection.close();
    }
  }
}
