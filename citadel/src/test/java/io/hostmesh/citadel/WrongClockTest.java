package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.Host;
import io.hostmesh.runtime.identity.CitadelSettings;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A host whose clock, or whose citadel's clock, is wrong: by minutes it works, by a day nothing.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class WrongClockTest {
  private static final ServiceName WEB = ServiceName.of("web");

  @TempDir Path folder;
  private Mesh mesh;
  private final Mesh.MovableClock clock = new Mesh.MovableClock();

  @BeforeEach
  void begin() throws Exception {
    mesh = new Mesh(folder);
  }

  @AfterEach
  void end() {
    mesh.close();
  }

  /** A host with a clock of its own. */
  private Host host() {
    return new Host(mesh.vertx, clock, RandomGenerator.getDefault(), "test");
  }

  private NodeIdentity join() {
    return NodeIdentity.start(
        host(),
        new NodeIdentity.Settings(
            new SpiffeId.Node("hostmesh.local", "h1"),
            folder.resolve("h1"),
            new CitadelSettings(
                List.of(mesh.citadel.listening()),
                Optional.of(mesh.nodeToken()),
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(5))),
        () -> true);
  }

  private ServiceIdentities services(NodeIdentity node) {
    ServiceIdentities services =
        new ServiceIdentities(
            host(), node, folder.resolve("services"), KeyPairs.Kind.P256, () -> true);
    services.services(Set.of(WEB));
    return services;
  }

  @ParameterizedTest
  @ValueSource(ints = {-5, 5})
  void aClockThatIsWrongByFiveMinutesIsNotNoticed(int minutes) throws Exception {
    clock.advance(Duration.ofMinutes(minutes));
    try (NodeIdentity node = join();
        ServiceIdentities services = services(node)) {
      node.ready().timeout(20, TimeUnit.SECONDS).await();
      mesh.allow("h1", "web");
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      Svid web = services.svid(WEB).orElseThrow();
      for (Instant now : List.of(clock.instant(), mesh.clock.instant())) {
        assertThat(SvidVerifier.verify(web.chain(), node.roots().orElseThrow(), now))
            .isEqualTo(web.id());
      }
      assertThat(node.problem()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void aHostWhoseClockIsWrongByADayDoesNotJoinAndIsToldWhy(int days) {
    clock.advance(Duration.ofDays(days));
    try (NodeIdentity node = join()) {
      Mesh.await("the reason is seen", () -> node.status().problem().isPresent());
      assertThat(node.status().problem().orElseThrow())
          .contains(days < 0 ? "holds from" : "expired at", "the clock here says");
      assertThat(node.svid()).isEmpty();
    }
    assertThat(mesh.citadel.desk()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void whereCitadelsClockIsWrongByADayItIsNotBelieved(int days) throws Exception {
    mesh.clock.advance(Duration.ofDays(days));
    mesh.citadel.close();
    mesh.citadel = mesh.startCitadel();
    try (NodeIdentity node = join()) {
      Mesh.await("the reason is seen", () -> node.status().problem().isPresent());
      assertThat(node.status().problem().orElseThrow())
          .contains(days > 0 ? "holds from" : "expired at", "the clock here says");
      assertThat(node.svid()).isEmpty();
    }
  }

  /** It leaps while the host is at work: its services are nobody until it is right again. */
  @Test
  void aClockThatLeapsByADayEndsWhatThereIsUntilItIsRightAgain() throws Exception {
    try (NodeIdentity node = join();
        ServiceIdentities services = services(node)) {
      node.ready().timeout(20, TimeUnit.SECONDS).await();
      mesh.allow("h1", "web");
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());

      clock.advance(Duration.ofDays(1).plusMinutes(1));
      Mesh.await("web is nobody", () -> services.svid(WEB).isEmpty());
      assertThat(node.problem().orElseThrow()).contains("expired at");
      Mesh.await(
          "why it is not renewed is said",
          () -> node.problem().orElse("").contains("the clock here says"));

      clock.advance(Duration.ofDays(-1).minusMinutes(1));
      Mesh.await("all is well again", () -> node.problem().isEmpty());
      Mesh.await("web has one that holds", () -> services.svid(WEB).isPresent());
    }
  }
}
