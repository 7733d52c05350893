package io.hostmesh.registry.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A development agent of a Consul program, which is its own only server. */
final class ConsulProcess implements RealConsul {
  private static final Duration START_WITHIN = Duration.ofSeconds(30);

  private final Path binary;
  private final Path folder;
  private final int httpPort;
  private final int serfPort;
  private final int serverPort;
  private final Thread killer = new Thread(this::stop, "kill-consul");
  private @Nullable Process process;

  private ConsulProcess(Path binary, Path folder) throws IOException {
    this.binary = binary;
    this.folder = folder;
    try (ServerSocket http = free();
        ServerSocket serf = free();
        ServerSocket server = free()) {
      this.httpPort = http.getLocalPort();
      this.serfPort = serf.getLocalPort();
      this.serverPort = server.getLocalPort();
    }
  }

  private static ServerSocket free() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  static ConsulProcess start(Path binary) {
    try {
      ConsulProcess consul = new ConsulProcess(binary, Files.createTempDirectory("hmt-consul"));
      Runtime.getRuntime().addShutdownHook(consul.killer);
      consul.startEmpty();
      return consul;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String address() {
    return "127.0.0.1:" + httpPort;
  }

  @Override
  public synchronized void startEmpty() {
    try {
      Path config = folder.resolve("test.hcl");
      Files.writeString(
          config,
          """
          disable_update_check = true
          session_ttl_min = "1s"
          ports {
            dns = -1, http = %d, grpc = -1, grpc_tls = -1, serf_lan = %d, serf_wan = -1, server = %d
          }
          """
              .formatted(httpPort, serfPort, serverPort));
      process =
          new ProcessBuilder(
                  List.of(
                      binary.toString(),
                      "agent",
                      "-dev",
                      "-node=hmt-consul",
                      "-bind=127.0.0.1",
                      "-client=127.0.0.1",
                      "-log-level=info",
                      "-config-file=" + config))
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(folder.resolve("consul.log").toFile()))
              .start();
      awaitLeader(process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void awaitLeader(Process started) throws IOException, InterruptedException {
    long end = System.nanoTime() + START_WITHIN.toNanos();
    try (HttpClient client = HttpClient.newHttpClient()) {
      // The catalog lists the server itself last, when all of it is up.
      URI nodes = URI.create("http://" + address() + "/v1/catalog/service/consul");
      while (System.nanoTime() < end && started.isAlive()) {
        try {
          HttpResponse<String> answer =
              client.send(
                  HttpRequest.newBuilder(nodes).build(), HttpResponse.BodyHandlers.ofString());
          if (answer.statusCode() == 200 && answer.body().contains("hmt-consul")) {
            return;
          }
        } catch (IOException e) {
          // Not listening yet.
        }
        started.waitFor(50, TimeUnit.MILLISECONDS);
      }
    }
    String log = Files.readString(folder.resolve("consul.log"));
    throw new AssertionError(
        "Consul did not start; the end of its log:\n"
            + log.substring(Math.max(0, log.length() - 2000)));
  }

  @Override
  public synchronized void stop() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
      running.onExit().join();
      process = null;
    }
  }

  @Override
  public void close() throws IOException {
    stop();
    Runtime.getRuntime().removeShutdownHook(killer);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
