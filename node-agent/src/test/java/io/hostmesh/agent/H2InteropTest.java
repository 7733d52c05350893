package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Other people's HTTP/2 on both sides of two agents: nghttp2's clients and server, and nginx. The
 * programs are Debian's nghttp2-client, nghttp2-server and nginx-light; ./verify installs them.
 */
@Timeout(180)
class H2InteropTest {
  private static final int[] SIZES = {0, 1, 100, 16_384, 16_385, 65_536, 3_000_000};

  private final TestMesh mesh = new TestMesh();
  @TempDir Path folder;
  private Programs programs;

  @BeforeEach
  void start() throws Exception {
    programs = new Programs(folder);
    for (int size : SIZES) {
      byte[] body = new byte[size];
      Arrays.fill(body, (byte) 'x');
      Files.write(folder.resolve("b" + size), body);
    }
  }

  @AfterEach
  void stop() {
    mesh.close();
    programs.close();
  }

  /** On both hosts, under the names far and near. */
  private void nghttpd() throws Exception {
    int port = Programs.freePort();
    programs.serve(
        port,
        "nghttpd",
        "--no-tls",
        "--echo-upload",
        "--address=127.0.0.1",
        "--max-concurrent-streams=50",
        "--trailer=x-sum: 1",
        "--htdocs=" + folder,
        String.valueOf(port));
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, port, "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP2, port, "v1");
  }

  private List<String> roads() {
    return List.of(url(mesh.h1.to("far")), url(mesh.h1.to("near")));
  }

  private static String url(InetSocketAddress address) {
    return "http://127.0.0.1:" + address.getPort();
  }

  /** All requests answered with 2xx, and with so many bytes. */
  private static void allSucceeded(String said, int requests, long bytes) {
    assertThat(said)
        .contains(requests + " succeeded, 0 failed, 0 errored, 0 timeout")
        .contains("status codes: " + requests + " 2xx")
        .contains("(" + bytes + ") data");
  }

  @Test
  void manyStreamsOfBodiesOfAllSizesPassBothWays() throws Exception {
    nghttpd();
    for (String road : roads()) {
      for (int size : SIZES) {
        int requests = size > 1_000_000 ? 40 : 1000;
        String file = "/b" + size;
        allSucceeded(
            programs.run("h2load", "-n" + requests, "-c4", "-m60", road + file),
            requests,
            (long) requests * size);
        if (size > 0) { // nghttpd echoes nothing as a page of its own.
          allSucceeded(
              programs.run(
                  "h2load", "-n" + requests, "-c4", "-m60", "-d" + folder + file, road + "/up"),
              requests,
              (long) requests * size);
        }
      }
    }
  }

  /** Heads of several frames: more than 16 KiB. */
  @Test
  void trailersAndHugeHeadersPass() throws Exception {
    nghttpd();
    for (String road : roads()) {
      List<String> command = new ArrayList<>(List.of("nghttp", "-v", "-n", "--continuation"));
      command.addAll(List.of("--trailer=x-up: 1", "--data=" + folder.resolve("b16385")));
      command.add("-Hx-long: " + "v".repeat(40_000));
      command.add(road + "/up");
      String said = programs.run(command.toArray(String[]::new));
      assertThat(said).contains(":status: 200").contains("x-sum: 1");
      assertThat(said).doesNotContain("RST_STREAM").doesNotContain("PROTOCOL_ERROR");
    }
  }

  /** A server that says GOAWAY again and again loses no request. */
  @Test
  void aServerMayDrainItsConnections() throws Exception {
    int port = Programs.freePort();
    Files.writeString(
        folder.resolve("nginx.conf"),
        """
        daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
        events {}
        http {
          access_log off; keepalive_requests 37;
          client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi; scgi_temp_path scgi;
          server { listen 127.0.0.1:%d http2; root %s; }
        }
        """
            .formatted(port, folder));
    folder.toFile().setExecutable(true, false);
    folder.toFile().setReadable(true, false);
    programs.serve(port, "nginx", "-p", folder.toString(), "-c", folder + "/nginx.conf");
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, port, "v1");
    mesh.service(mesh.h1, "near", "n1", Protocol.HTTP2, port, "v1");
    for (String road : roads()) {
      allSucceeded(
          programs.run("h2load", "-n3000", "-c4", "-m20", road + "/b16384"), 3000, 3000L * 16_384);
    }
  }

  /** Neither does an HTTP/1.1 load that becomes HTTP/2 on its way. */
  @Test
  void http1CallersOfAnHttp2Server() throws Exception {
    nghttpd();
    for (String road : roads()) {
      allSucceeded(programs.run("h2load", "--h1", "-n2000", "-c8", road + "/b100"), 2000, 200_000);
    }
  }
}
