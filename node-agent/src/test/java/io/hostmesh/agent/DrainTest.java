package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
class DrainTest {
  private final TestMesh mesh = new TestMesh();
  private final CountDownLatch slow = new CountDownLatch(1);

  @AfterEach
  void stop() {
    mesh.close();
  }

  private TcpApp app() throws IOException {
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
            if (request.head().contains("/slow")) {
              slow.await();
            }
            http.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          }
        });
  }

  @Test
  void theAnswerUnderWayComesAndTheConnectionEnds() throws Exception {
    try (TcpApp app = app()) {
      mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
      InetSocketAddress address = mesh.h1.to("greeter");
      try (RawHttp busy = new RawHttp(address);
          RawHttp idle = new RawHttp(address)) {
        assertThat(idle.get("/").answer().status()).isEqualTo("200");
        assertThat(busy.get("/").answer().has("connection: close")).isFalse();
        busy.get("/slow");
        CompletableFuture<Void> drained = mesh.h1.replace().drain(Duration.ofSeconds(30));
        assertThat(idle.get("/late").answer().has("connection: close")).isTrue();
        assertThat(idle.read()).isEqualTo(-1);
        assertThat(drained).isNotDone();
        slow.countDown();
        assertThat(busy.answer().has("connection: close")).isTrue();
        assertThat(busy.read()).isEqualTo(-1);
        drained.get(20, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void noRequestFailsWhileBothAgentsAreReplaced() throws Exception {
    try (TcpApp app = app()) {
      mesh.service(mesh.h2, "greeter", "g1", Protocol.HTTP, app.port(), "v1");
      InetSocketAddress address = mesh.h1.to("greeter");
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger answered = new AtomicInteger();
      ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        clients.add(Thread.ofPlatform().start(() -> client(address, stop, answered, failures)));
      }
      for (TestMesh.Agent agent : List.of(mesh.h2, mesh.h1, mesh.h2)) {
        int before = answered.get();
        Eventually.holds("the load runs", () -> answered.get() > before + 200);
        agent.replace().drain(Duration.ofSeconds(30)).get(40, TimeUnit.SECONDS);
      }
      stop.set(true);
      for (Thread client : clients) {
        client.join();
      }
      assertThat(failures).isEmpty();
    }
  }

  /** Asks again and again, on a new connection where the last one was announced to end. */
  private static void client(
      InetSocketAddress address,
      AtomicBoolean stop,
      AtomicInteger answered,
      ConcurrentLinkedQueue<String> failures) {
    while (!stop.get()) {
      try (RawHttp http = new RawHttp(address)) {
        boolean last = false;
        while (!last && !stop.get()) {
          RawHttp.Answer answer = http.get("/").answer();
          if (!answer.status().equals("200")) {
            failures.add(answer.head() + answer.body());
          }
          answered.incrementAndGet();
          last = answer.has("connection: close");
        }
      } catch (IOException e) {
        failures.add(e.toString());
      }
    }
  }
}
