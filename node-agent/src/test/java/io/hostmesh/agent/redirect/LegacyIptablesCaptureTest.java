package io.hostmesh.agent.redirect;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** iptables of the older kind, where the host still has it. */
class LegacyIptablesCaptureTest {
  @TempDir Path folder;
  private Tools tools;

  @BeforeEach
  void preferLegacy() throws Exception {
    Path legacy = Path.of("/usr/sbin/xtables-legacy-multi");
    assumeTrue(Files.isExecutable(legacy), "no legacy iptables here");
    Path bin = Files.createDirectory(folder.resolve("bin"));
    for (String name : List.of("iptables", "ip6tables")) {
      for (String kind : List.of("", "-save", "-restore")) {
        Files.createSymbolicLink(bin.resolve(name + kind), legacy);
      }
    }
    tools =
        new Tools(
            List.of(bin, Path.of("/usr/sbin"), Path.of("/usr/bin"), Path.of("/bin")), Map.of());
  }

  @Test
  void capturesAndUndoes() throws Exception {
    try (TestHost host = TestHost.make("hmt-redirect-l1")) {
      Capture capture =
          host.call(() -> Capture.open(CaptureBackend.IPTABLES, folder.resolve("run"), tools));
      try (TestAgent _ = new TestAgent(host)) {
        host.call(() -> capture.apply(TestPlan.mesh(), java.time.Duration.ZERO));
        org.assertj.core.api.Assertions.assertThat(host.greeting("241.0.0.7", 80))
            .isEqualTo("outbound 241.0.0.7 80");
        org.assertj.core.api.Assertions.assertThat(host.call(capture::intact)).isTrue();
        host.call(
            () -> {
              capture.remove();
              return true;
            });
        org.assertj.core.api.Assertions.assertThat(
                host.shell("iptables-legacy-save; ip6tables-legacy-save"))
            .doesNotContain("HOSTMESH");
      }
    }
  }
}
