package io.hostmesh.registry.testing;

import com.github.dockerjava.api.exception.NotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.consul.ConsulContainer;

/** A development agent of Consul in a container, at a port of this host that stays the same. */
final class ConsulInContainer implements RealConsul {
  private static final String IMAGE = "hashicorp/consul:" + VERSION;
  private static final int HTTP = 8500;

  private final int port;
  private @Nullable ConsulContainer container;

  private ConsulInContainer(int port) {
    this.port = port;
  }

  /** Whether an engine answers and has the image: a test downloads none. */
  static boolean isAvailable() {
    if (System.getenv("DOCKER_HOST") == null && !Files.exists(Path.of("/var/run/docker.sock"))) {
      return false;
    }
    try {
      DockerClientFactory factory = DockerClientFactory.instance();
      if (!factory.isDockerAvailable()) {
        return false;
      }
      factory.client().inspectImageCmd(IMAGE).exec();
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  static ConsulInContainer start() {
    ConsulInContainer consul = new ConsulInContainer(freePort());
    consul.startEmpty();
    return consul;
  }

  private static int freePort() {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String address() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void startEmpty() {
    ConsulContainer fresh =
        new ConsulContainer(IMAGE).withEnv("CONSUL_LOCAL_CONFIG", "{\"session_ttl_min\": \"1s\"}");
    fresh.setPortBindings(List.of("127.0.0.1:" + port + ":" + HTTP));
    fresh.start();
    container = fresh;
  }

  @Override
  public void stop() {
    ConsulContainer running = container;
    if (running != null) {
      running.stop();
      container = null;
    }
  }

  @Override
  public void close() {
    stop();
  }
}
