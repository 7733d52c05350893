package io.hostmesh.e2e.packages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Two hosts with nothing but Debian. The packages are installed, the second host joins, a unit of
 * the first calls a unit of the second by its name, and after removal nothing is left.
 */
@Tag("booted")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackagesStory {
  private static final Path PACKAGES =
      Path.of(System.getProperty("hostmesh.root", ".."), "packaging", "target").toAbsolutePath();

  private final List<BootedHost> hosts = new ArrayList<>();

  @BeforeAll
  void boot() throws Exception {
    Path root = DebianRoot.ready();
    hosts.add(BootedHost.boot("alpha", root, PACKAGES));
    hosts.add(BootedHost.boot("beta", root, PACKAGES));
    BootedHost.wire(hosts.get(0), "10.77.0.1", hosts.get(1), "10.77.0.2");
  }

  @AfterAll
  void stop() throws Exception {
    for (BootedHost host : hosts) {
      host.stop();
    }
  }

  @Test
  @Order(1)
  void theHostsReachEachOther() throws Exception {
    hosts.get(1).ok("busybox httpd -p 8080 -h /etc");
    assertThat(hosts.get(0).ok("curl -s http://10.77.0.2:8080/hostname")).isNotBlank();
  }
}
