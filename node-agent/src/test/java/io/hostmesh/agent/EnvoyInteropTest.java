package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Envoy's HTTP/2 on both sides of two agents: it calls one, and is called by the other. Each of its
 * ends says GOAWAY after some requests. ./verify --full installs it, and says where it is in {@code
 * HOSTMESH_ENVOY}.
 */
@Tag("full")
@Timeout(180)
class EnvoyInteropTest {
  private static final int[] SIZES = {0, 100, 16_385, 1_000_000};

  private final TestMesh mesh = new TestMesh();
  @TempDir Path folder;
  private Programs programs;
  private String front = "";

  @BeforeEach
  void start() throws Exception {
    programs = new Programs(folder);
    for (int size : SIZES) {
      byte[] body = new byte[size];
      Arrays.fill(body, (byte) 'x');
      Files.write(folder.resolve("b" + size), body);
    }
    int files = Programs.freePort();
    programs.serve(
        files,
        "nghttpd",
        "--no-tls",
        "--echo-upload",
        "--address=127.0.0.1",
        "--max-concurrent-streams=1000", // Envoy answers 503 where it has not heard of a limit yet.
        "--htdocs=" + folder,
        String.valueOf(files));
    int service = envoy("service", files);
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP2, service, "v1");
    front = "http://127.0.0.1:" + envoy("caller", mesh.h1.to("far").getPort());
  }

  @AfterEach
  void stop() {
    mesh.close();
    programs.close();
  }

  /** One that takes both versions and calls over HTTP/2; its port. */
  private int envoy(String name, int upstream) throws Exception {
    String program = System.getenv("HOSTMESH_ENVOY");
    assertThat(program).as("HOSTMESH_ENVOY: where Envoy is; ./verify --full sets it").isNotNull();
    int port = Programs.freePort();
    Path file = folder.resolve(name + ".yaml");
    Files.writeString(
        file,
        """
        static_resources:
          listeners:
          - address: { socket_address: { address: 127.0.0.1, port_value: %d } }
            filter_chains:
            - filters:
              - name: http
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: all
                  common_http_protocol_options: { max_requests_per_connection: 137 }
                  http2_protocol_options: { max_concurrent_streams: 50 }
                  http_filters:
                  - name: router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
                  route_config:
                    virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                      - match: { prefix: "/" }
                        route: { cluster: upstream, timeout: 0s }
          clusters:
          - name: upstream
            circuit_breakers: { thresholds: [{ max_pending_requests: 10000, max_requests: 10000 }] }
            typed_extension_protocol_options:
              envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                common_http_protocol_options: { max_requests_per_connection: 211 }
                explicit_http_config: { http2_protocol_options: {} }
            load_assignment:
              cluster_name: upstream
              endpoints:
              - lb_endpoints:
                - endpoint:
                    address: { socket_address: { address: 127.0.0.1, port_value: %d } }
        """
            .formatted(port, upstream));
    programs.serve(
        port,
        program,
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "warning",
        "--config-path",
        file.toString());
    return port;
  }

  private void allSucceeded(int requests, String... options) throws Exception {
    String[] command = new String[options.length + 2];
    command[0] = "h2load";
    command[1] = "-n" + requests;
    System.arraycopy(options, 0, command, 2, options.length);
    assertThat(programs.run(command))
        .contains(requests + " succeeded, 0 failed, 0 errored, 0 timeout")
        .contains("status codes: " + requests + " 2xx");
  }

  @Test
  void bodiesOfAllSizesPassBothWays() throws Exception {
    for (int size : SIZES) {
      int requests = size > 100_000 ? 60 : 2000;
      // A client of many requests on a connection would see Envoy's own GOAWAY: at most 137.
      String clients = "-c" + Math.max(1, requests / 100);
      allSucceeded(requests, clients, "-m20", front + "/b" + size);
      if (size > 0) { // nghttpd echoes nothing as a page of its own.
        allSucceeded(requests, clients, "-m20", "-d" + folder.resolve("b" + size), front + "/up");
      }
    }
  }

  @Test
  void http1CallersOfIt() throws Exception {
    allSucceeded(2000, "--h1", "-c20", front + "/b100");
  }
}
