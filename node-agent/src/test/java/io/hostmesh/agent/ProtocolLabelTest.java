package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs and metrics of both agents call a request by what it is, whatever its service declares. */
@Timeout(60)
class ProtocolLabelTest {
  private final TestMesh mesh = new TestMesh();
  private final NettyH2 h2 =
      new NettyH2(
          false,
          new NettyH2.Service() {
            @Override
            public void head(NettyH2.Stream stream, Http2Headers head) {
              stream.head(new DefaultHttp2Headers().status("200"));
            }

            @Override
            public void data(NettyH2.Stream stream, String data, boolean end) {
              stream.data("", true);
            }
          });

  /** A caller whose classes are still to be loaded would be silent for longer than is waited. */
  @BeforeEach
  void warmUp() throws Exception {
    InetSocketAddress direct = new InetSocketAddress(InetAddress.getLoopbackAddress(), h2.port());
    assertThat(h2.call(direct, get(), true).nextHead().status()).hasToString("200");
  }

  private static Http2Headers get() {
    return new DefaultHttp2Headers().method("GET").scheme("http").path("/").authority("a");
  }

  @AfterEach
  void stop() {
    mesh.close();
    h2.close();
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, '', http2",
    "AUTO, application/grpc, grpc",
    "AUTO, application/grpc+proto, grpc",
    "AUTO, application/grpc-web, http2",
    "HTTP2, text/plain, http2",
    "HTTP2, application/grpc, grpc",
    "GRPC, application/grpc, grpc",
  })
  void http2MayBeGrpc(Protocol declared, String type, String label) throws Exception {
    for (TestMesh.Agent agent : new TestMesh.Agent[] {mesh.h2, mesh.h1}) {
      String service = "on-" + agent.node;
      mesh.service(agent, service, service, declared, h2.port(), "v1");
      Http2Headers head = get();
      if (!type.isEmpty()) {
        head.set("content-type", type);
      }
      NettyH2.Stream stream = h2.call(mesh.h1.to(service), head, true);
      assertThat(stream.nextHead().status()).hasToString("200");
      logged(label, service, mesh.h1.log, agent.log);
    }
  }

  @ParameterizedTest
  @CsvSource({"AUTO", "HTTP"})
  void http1IsHttp(Protocol declared) throws Exception {
    try (TcpApp app = TcpApp.http(_ -> "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) {
      mesh.service(mesh.h2, "one", "one", declared, app.port(), "v1");
      try (RawHttp http = new RawHttp(mesh.h1.to("one"))) {
        http.get("/", "Content-Type: application/grpc");
        assertThat(http.answer().status()).isEqualTo("200");
      }
      logged("http", "one", mesh.h1.log, mesh.h2.log);
    }
  }

  @Test
  void whatAnHttp1ServiceGetsIsHttp() throws Exception {
    try (TcpApp app = TcpApp.http(_ -> "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) {
      mesh.service(mesh.h2, "one", "one", Protocol.HTTP, app.port(), "v1");
      InetSocketAddress address = mesh.h1.to("one");
      NettyH2.Stream stream = h2.call(address, get(), true);
      assertThat(stream.nextHead().status()).hasToString("200");
      logged("http", "one", mesh.h1.log, mesh.h2.log);
    }
  }

  private static void logged(String label, String service, Queue<String> out, Queue<String> in) {
    logged(out, "\"reporter\":\"source\",\"protocol\":\"" + label + "\"", service);
    logged(in, "\"reporter\":\"destination\",\"protocol\":\"" + label + "\"", service);
  }

  private static void logged(Queue<String> log, String what, String service) {
    Eventually.holds(
        what + " of " + service + " in " + log,
        () ->
            log.stream()
                .anyMatch(line -> line.contains(what) && line.contains("svc/" + service + "\"")));
  }
}
