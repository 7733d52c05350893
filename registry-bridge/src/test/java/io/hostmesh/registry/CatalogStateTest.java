package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kiwiproject.consul.model.health.HealthCheck;
import org.kiwiproject.consul.model.health.ImmutableHealthCheck;
import org.kiwiproject.consul.model.health.ImmutableNode;
import org.kiwiproject.consul.model.health.ImmutableService;
import org.kiwiproject.consul.model.health.ImmutableServiceHealth;
import org.kiwiproject.consul.model.health.ServiceHealth;

/** Two lists and many reads, each at a moment of its own, come to one catalog. */
final class CatalogStateTest {
  private final CatalogState state = new CatalogState();

  @BeforeEach
  void oneServiceThatIsCritical() {
    state.named(Set.of("web"));
    state.startSweep();
    checks("critical");
    read("critical");
  }

  private static HealthCheck check(String status) {
    return ImmutableHealthCheck.builder()
        .node("n1")
        .checkId("c1")
        .name("http")
        .status(status)
        .serviceId("web-1")
        .serviceName("web")
        .build();
  }

  private static ServiceHealth instance(String status) {
    return ImmutableServiceHealth.builder()
        .node(ImmutableNode.builder().node("n1").address("10.0.0.1").build())
        .service(
            ImmutableService.builder()
                .id("web-1")
                .service("web")
                .address("10.0.0.1")
                .port(80)
                .build())
        .addChecks(check(status))
        .build();
  }

  private void checks(String status) {
    state.checked(CatalogChanges.seen(List.of(check(status))));
  }

  /** A read that began after the last answer of the checks. */
  private void read(String status) {
    state.takeStale();
    state.read("web", List.of(instance(status)), state.timesChecked());
  }

  private boolean healthy() {
    return state.catalog().instances(ServiceName.of("web")).getFirst().healthy();
  }

  @Test
  void whatAgreesIsNotReadAgain() {
    assertThat(state.isStale()).isFalse();
    checks("critical");
    assertThat(state.isStale()).isFalse();
    assertThat(healthy()).isFalse();
  }

  @Test
  void aCheckThatTurnedAndTurnedBackBetweenTwoAnswersIsReadAgain() {
    read("passing"); // Newer than the list, which is asked again only now:
    assertThat(healthy()).isTrue();
    checks("critical");
    assertThat(state.isStale()).isTrue();
    read("critical");
    assertThat(healthy()).isFalse();
    assertThat(state.isStale()).isFalse();
  }

  @Test
  void aReadThatAnAnswerOvertookIsRepeated() {
    long begun = state.timesChecked();
    checks("passing");
    state.takeStale();
    state.read("web", List.of(instance("critical")), begun);
    assertThat(state.isStale()).isTrue();
    read("passing");
    assertThat(healthy()).isTrue();
    assertThat(state.isStale()).isFalse();
  }

  @Test
  void aCheckThatIsGoneAndBackIsReadAgain() {
    state.takeStale();
    ServiceHealth unchecked =
        ImmutableServiceHealth.builder().from(instance("critical")).checks(List.of()).build();
    state.read("web", List.of(unchecked), state.timesChecked());
    assertThat(healthy()).isTrue();
    checks("critical");
    assertThat(state.isStale()).isTrue();
  }

  @Test
  void checksOfServicesThatTheReadLeavesOutAreNoDispute() {
    // Sidecars of Consul's own mesh are on the list of checks, and filtered from the reads.
    state.named(Set.of("web", "web-sidecar-proxy"));
    HealthCheck proxy =
        ImmutableHealthCheck.builder()
            .from(check("passing"))
            .checkId("c2")
            .serviceId("p-1")
            .serviceName("web-sidecar-proxy")
            .build();
    state.checked(CatalogChanges.seen(List.of(check("critical"), proxy)));
    state.takeStale();
    state.read("web-sidecar-proxy", List.of(), state.timesChecked());
    state.read("web", List.of(instance("critical")), state.timesChecked());
    state.checked(CatalogChanges.seen(List.of(check("critical"), proxy)));
    assertThat(state.isStale()).isFalse();
  }
}
