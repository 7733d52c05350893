package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies larger than any buffer: streamed, and held back where the reader is slow. */
@Timeout(90)
class LargeBodyTest {
  private static final int BLOCK = 1 << 20;
  private static final int BLOCKS = 64;

  private final TestMesh mesh = new TestMesh();

  @AfterEach
  void stop() {
    mesh.close();
  }

  private void service(String host, TcpApp app) {
    mesh.service(
        host.equals("h1") ? mesh.h1 : mesh.h2, "files", "f1", Protocol.HTTP, app.port(), "v1");
  }

  private static long pooled() {
    return io.netty.util.internal.PlatformDependent.usedDirectMemory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"h1", "h2"})
  void aSlowReaderHoldsTheServerBack(String host) throws Exception {
    java.util.concurrent.atomic.AtomicLong sent = new java.util.concurrent.atomic.AtomicLong();
    try (TcpApp app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              http.answer();
              http.send("HTTP/1.1 200 OK\r\nContent-Length: " + (long) BLOCK * BLOCKS + "\r\n\r\n");
              byte[] block = new byte[BLOCK];
              for (int i = 0; i < BLOCKS; i++) {
                Arrays.fill(block, (byte) i);
                socket.getOutputStream().write(block);
                sent.addAndGet(BLOCK);
              }
            })) {
      service(host, app);
      try (RawHttp http = new RawHttp(mesh.h1.to("files"))) {
        http.get("/").head();
        stands(sent);
        // What is on the way is in sockets' buffers and one flow-control window, not in a heap.
        assertThat(sent.get()).isLessThan(40L * BLOCK);
        InputStream in = http.in();
        for (int i = 0; i < BLOCKS; i++) {
          byte[] block = in.readNBytes(BLOCK);
          assertThat(block.length).isEqualTo(BLOCK);
          assertThat(block[0]).isEqualTo((byte) i);
          assertThat(block[BLOCK - 1]).isEqualTo((byte) i);
        }
      }
    }
  }

  @Test
  void aSlowServerHoldsTheCallerBack() throws Exception {
    java.util.concurrent.CountDownLatch go = new java.util.concurrent.CountDownLatch(1);
    try (TcpApp app =
        new TcpApp(
            socket -> {
              RawHttp http = new RawHttp(socket);
              http.head();
              go.await();
              long total = 0;
              while (total < (long) BLOCK * BLOCKS) {
                total += http.body(BLOCK).length();
              }
              http.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            })) {
      service("h2", app);
      java.util.concurrent.atomic.AtomicLong sent = new java.util.concurrent.atomic.AtomicLong();
      try (RawHttp http = new RawHttp(mesh.h1.to("files"))) {
        http.send(
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + (long) BLOCK * BLOCKS + "\r\n\r\n");
        Thread writer =
            Thread.ofPlatform()
                .start(
                    () -> {
                      byte[] block = new byte[BLOCK];
                      try {
                        for (int i = 0; i < BLOCKS; i++) {
                          http.socket.getOutputStream().write(block);
                          sent.addAndGet(BLOCK);
                        }
                      } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
        stands(sent);
        assertThat(sent.get()).isLessThan(40L * BLOCK);
        assertThat(pooled()).isLessThan(64L * BLOCK);
        go.countDown();
        assertThat(http.answer().status()).isEqualTo("200");
        writer.join();
      }
    }
  }

  /** Waits until nothing moves any more. */
  private static void stands(java.util.concurrent.atomic.AtomicLong sent) {
    long[] last = {-1, 0};
    Eventually.holds(
        "the sender stands still",
        () -> {
          long now = sent.get();
          last[1] = now == last[0] ? last[1] + 1 : 0;
          last[0] = now;
          return last[1] > 60;
        });
  }
}
