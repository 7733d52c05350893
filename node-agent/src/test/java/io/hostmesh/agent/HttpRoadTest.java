package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.hostmesh.model.Protocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@org.junit.jupiter.api.Timeout(60)
class HttpRoadTest {
  private TestMesh mesh;
  private HttpServer app;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    app.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    app.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange
              .getResponseHeaders()
              .add("x-seen", String.valueOf(exchange.getRequestHeaders().entrySet()));
          byte[] answer =
              body.length == 0 ? "hello".getBytes(java.nio.charset.StandardCharsets.UTF_8) : body;
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    app.start();
    mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.getAddress().getPort(), "v1");
  }

  @AfterEach
  void stop() {
    mesh.close();
    app.stop(0);
  }

  private HttpResponse<String> get(InetSocketAddress address, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aCallIsAnsweredAcrossTwoAgents() throws Exception {
    HttpResponse<String> answer = get(mesh.h1.to("greeter"), "/x?y=1");
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(answer.statusCode()).isEqualTo(200);
  }
}
