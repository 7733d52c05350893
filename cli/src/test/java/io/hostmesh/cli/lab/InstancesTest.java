package io.hostmesh.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code lab run} may start where, without the mesh. */
class InstancesTest {
  private static final LabFolder FOLDER = new LabFolder(Path.of("/tmp/hmt-lab-instances"));
  private static final LabHost H1 = LabHost.all(1).getFirst();

  private final View view = View.of(FOLDER.id(), Map.of("lab", FOLDER.path()));
  private final HostFiles files = new HostFiles(FOLDER, view, List.of(H1));
  private final ControlGroups groups = ControlGroups.of(FOLDER.id());
  private final Entry entry =
      new Entry(FOLDER.id(), FOLDER.run().resolve("enter.sh"), files, groups);
  private final Instances instances =
      new Instances(FOLDER, view, entry, files, new Uids(FOLDER.id()));

  @BeforeEach
  void up() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "needs root");
    Cleanup.all(FOLDER);
    FOLDER.prepare();
    Files.writeString(FOLDER.plan(), "{}");
    try (var script = Lab.class.getResourceAsStream("enter.sh")) {
      Files.write(entry.script(), script.readAllBytes());
    }
    new Network(FOLDER.id()).make(List.of(H1));
    files.write(H1, Map.of());
  }

  @AfterEach
  void down() {
    Cleanup.all(FOLDER);
  }

  private static InstanceSpec spec(String service, Optional<String> user, String... command) {
    return new InstanceSpec(
        "h1",
        ServiceName.parse(service),
        8080,
        Optional.empty(),
        Protocol.HTTP,
        Map.of(),
        "tcp",
        List.of(command),
        Map.of("PATH", "/usr/bin:/bin"),
        user,
        List.of());
  }

  @Test
  void aRunningProgramHasItsPortAndAnEndedOneGivesItUp() {
    RunningInstance first = instances.start(H1, spec("web", Optional.empty(), "sleep", "1000"));
    InstanceSpec next = spec("shop", Optional.empty(), "true");

    assertThatThrownBy(() -> instances.check(next))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("port 8080 of h1 is taken by web")
        .hasMessageContaining("hostmesh lab rm h1 web --port 8080");
    assertThat(instances.ended(next)).isEmpty();

    ProcessHandle.of(first.pid()).orElseThrow().destroyForcibly();
    assertThat(Pause.until(Duration.ofSeconds(10), () -> !first.isAlive())).isTrue();

    assertThatCode(() -> instances.check(next)).doesNotThrowAnyException();
    assertThat(instances.ended(next)).containsExactly(first);
  }

  @Test
  void aUserThatTheMachineDoesNotHaveIsSaidBeforeAnythingIsDone() {
    assertThatThrownBy(() -> instances.check(spec("web", Optional.of("nobody-such"), "true")))
        .isInstanceOf(UserError.class)
        .hasMessage("--user nobody-such: this machine has no such user");
    assertThatCode(() -> instances.check(spec("web", Optional.of("root"), "true")))
        .doesNotThrowAnyException();
  }
}
