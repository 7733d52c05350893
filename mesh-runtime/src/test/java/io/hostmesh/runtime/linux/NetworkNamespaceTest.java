package io.hostmesh.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NetworkNamespaceTest {
  private static final String NAME = "hmt-runtime-ns";

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "needs root");
    run("ip", "netns", "del", NAME);
    assertThat(run("ip", "netns", "add", NAME)).isZero();
  }

  @AfterEach
  void remove() throws Exception {
    run("ip", "netns", "del", NAME);
  }

  @Test
  void workSeesTheNamespacesOwnInterfaces() throws Exception {
    boolean up = NetworkNamespace.inside(NAME, () -> NetworkInterface.getByName("lo").isUp());

    assertThat(up).isFalse();
    assertThat(NetworkInterface.getByName("lo").isUp()).isTrue();
  }

  @Test
  void aSocketMadeInsideStaysInside() throws Exception {
    assertThat(run("ip", "-n", NAME, "link", "set", "lo", "up")).isZero();
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    try (ServerSocket outside = new ServerSocket(0, 1, loopback);
        ServerSocket inside =
            NetworkNamespace.inside(
                NAME, () -> new ServerSocket(outside.getLocalPort(), 1, loopback))) {
      assertThat(inside.getLocalPort()).isEqualTo(outside.getLocalPort());
    }
  }

  @Test
  void whatTheWorkThrowsComesOut() {
    assertThatThrownBy(
            () ->
                NetworkNamespace.inside(
                    NAME,
                    () -> {
                      throw new IOException("mine");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("mine");
  }

  @Test
  void aMissingNamespaceIsNamed() {
    assertThatThrownBy(() -> NetworkNamespace.inside("hmt-runtime-none", () -> 1))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("/run/netns/hmt-runtime-none")
        .hasMessageContaining("No such file");
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
