package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long certificates hold, service by service. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class LifetimesTest {
  private static final ServiceName WEB = ServiceName.of("web");
  private static final ServiceName PAYMENTS = ServiceName.parse("shop/payments");

  @TempDir Path folder;

  @Test
  void aServiceMayHaveALifetimeOfItsOwn() throws Exception {
    String settings = "lifetime { service = 2h, services { \"shop/payments\" = 10m } }";
    try (Mesh mesh = new Mesh(folder, settings)) {
      NodeIdentity node = mesh.node("h1", mesh.nodeToken());
      node.ready().timeout(20, TimeUnit.SECONDS).await();
      mesh.allow("h1", "web", "shop/payments");
      try (ServiceIdentities services =
          new ServiceIdentities(
              mesh.host, node, folder.resolve("services"), KeyPairs.Kind.P256, () -> true)) {
        services.services(Set.of(WEB, PAYMENTS));
        Mesh.await(
            "both have certificates",
            () -> services.svid(WEB).isPresent() && services.svid(PAYMENTS).isPresent());
        assertThat(life(services.svid(WEB).orElseThrow()))
            .isBetween(Duration.ofHours(2), Duration.ofMinutes(126));
        assertThat(life(services.svid(PAYMENTS).orElseThrow()))
            .isBetween(Duration.ofMinutes(10), Duration.ofMinutes(11));
      }
    }
  }

  private static Duration life(Svid svid) {
    return Duration.between(svid.notBefore(), svid.notAfter());
  }
}
