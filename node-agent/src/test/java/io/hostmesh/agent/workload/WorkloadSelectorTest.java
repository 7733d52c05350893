package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkloadSelectorTest {
  @ParameterizedTest
  @CsvSource({
    "/system.slice/web.service, true",
    "/system.slice/web.service/worker, true",
    "/custom.slice/custom-a.slice/web.service, true",
    "/web.service, true",
    "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service, false",
    "/user.slice/web.service, false",
    "/system.slice/evil.service/web.service, false",
    "/machine.slice/machine-x.scope/system.slice/web.service, false",
    "/system.slice/web.service2, false",
    "/system.slice/my-web.service, false",
    "/system.slice, false",
    "/, false",
  })
  void aUnitIsFoundBySlicesAlone(String path, boolean matches) {
    assertThat(WorkloadSelector.unit("web.service").matches(owner(0, path))).isEqualTo(matches);
  }

  @Test
  void allPartsMustHold() {
    WorkloadSelector both =
        new WorkloadSelector(Optional.of("web.service"), Optional.empty(), Optional.of(7));

    assertThat(both.matches(owner(7, "/system.slice/web.service"))).isTrue();
    assertThat(both.matches(owner(8, "/system.slice/web.service"))).isFalse();
    assertThat(both.matches(new SocketOwner(7, Optional.empty()))).isFalse();
    assertThat(WorkloadSelector.uid(7).matches(new SocketOwner(7, Optional.empty()))).isTrue();
  }

  @Test
  void aControlGroupMayBeDeclaredAnywhere() {
    WorkloadSelector declared = WorkloadSelector.cgroup("/user.slice/user-7.slice/");

    assertThat(declared.matches(owner(7, "/user.slice/user-7.slice/x.scope"))).isTrue();
    assertThat(declared.matches(owner(7, "/user.slice/user-70.slice"))).isFalse();
  }

  @Test
  void twoServicesOfOneWorkloadAreAConflictAndCopiesOfOneServiceAreNot() {
    Workload web = new Workload(ServiceName.of("web"), "a", WorkloadSelector.unit("web.service"));
    Workload copy = new Workload(ServiceName.of("web"), "b", WorkloadSelector.unit("web.service"));
    Workload shop =
        new Workload(
            ServiceName.of("shop"), "c", WorkloadSelector.cgroup("/system.slice/web.service"));

    assertThat(new WorkloadMatcher(List.of(web, copy)).conflicts()).isEmpty();
    assertThat(new WorkloadMatcher(List.of(web, shop)).conflicts())
        .singleElement()
        .hasToString(
            "services web and shop both claim the sockets of unit web.service / cgroup"
                + " /system.slice/web.service; give each a workload of its own");
  }

  @Test
  void isReadFromAServicesConfiguration() {
    assertThat(read("unit = web.service, user = 12"))
        .isEqualTo(
            new WorkloadSelector(Optional.of("web.service"), Optional.empty(), Optional.of(12)));
    assertThat(read("user = root")).isEqualTo(WorkloadSelector.uid(0));
    assertThatThrownBy(() -> read("")).isInstanceOf(HoconException.class);
    assertThatThrownBy(() -> read("unit = /system.slice/web.service"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("not a unit's name");
    assertThatThrownBy(() -> read("cgroup = web.service"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("not a control group's path");
    assertThatThrownBy(() -> read("user = no-such-user-here"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("there is no user \"no-such-user-here\"");
  }

  private static SocketHolders.Known heldBy(int uid, SocketHolders.Holder... holders) {
    return new SocketHolders.Known(1, uid, 1, List.of(holders));
  }

  private static SocketHolders.Holder runs(int uid, int gid, String executable) {
    return new SocketHolders.Holder(
        9, 9, uid, gid, executable, Optional.of((executable.length() % 10 + "0").repeat(32)));
  }

  @Test
  void everyProcessThatHoldsTheSocketMustRunTheExecutable() {
    WorkloadSelector nginx = read("unit = web.service, executable = /usr/sbin/nginx");
    SocketOwner owner = owner(0, "/system.slice/web.service");
    SocketHolders.Holder master = runs(0, 0, "/usr/sbin/nginx");
    SocketHolders.Holder worker = runs(33, 33, "/usr/sbin/nginx");

    assertThat(nginx.matches(owner, heldBy(0, master, worker))).isTrue();
    assertThat(nginx.matches(owner, heldBy(0, master, runs(33, 33, "/bin/sh")))).isFalse();
    assertThat(nginx.matches(owner, heldBy(0, runs(0, 0, "/usr/sbin/nginx (deleted)")))).isFalse();
    assertThat(nginx.matches(owner(0, "/x.service"), heldBy(0, master))).isFalse();
  }

  @Test
  void aGroupIsThatOfThoseWhoRunAsTheSocketsUser() {
    WorkloadSelector group = read("unit = web.service, group = 33");
    SocketOwner owner = owner(33, "/system.slice/web.service");

    assertThat(group.matches(owner, heldBy(33, runs(0, 0, "/a"), runs(33, 33, "/a")))).isTrue();
    assertThat(group.matches(owner, heldBy(33, runs(33, 34, "/a"), runs(33, 33, "/a")))).isFalse();
    assertThat(group.matches(owner, heldBy(33, runs(0, 33, "/a")))).as("of whom is left").isTrue();
  }

  @Test
  void aHashIsOfTheFileThatRuns() {
    WorkloadSelector hashed = read("unit = web.service, sha256 = " + "50".repeat(32));
    SocketOwner owner = owner(0, "/system.slice/web.service");
    assertThat(hashed.matches(owner, heldBy(0, runs(0, 0, "/usr/sbin/nginx")))).isTrue();
    assertThat(hashed.matches(owner, heldBy(0, runs(0, 0, "/usr/sbin/nginx2")))).isFalse();
  }

  @Test
  void whatIsUnlikeInOnePartMayBeAlikeInTheRest() {
    WorkloadSelector nginx = read("unit = web.service, executable = /usr/sbin/nginx");
    WorkloadSelector php = read("unit = web.service, executable = /usr/bin/php-fpm");
    assertThat(nginx.overlaps(php)).isFalse();
    assertThat(nginx.overlaps(read("unit = web.service"))).isTrue();
    assertThat(read("executable = /usr/sbin/nginx").overlaps(read("executable = /usr/sbin/nginx")))
        .isTrue();
  }

  @Test
  void aSocketThatNeedsItsProcessesIsNobodysWithoutThem() {
    WorkloadMatcher matcher =
        new WorkloadMatcher(
            List.of(
                new Workload(ServiceName.of("web"), "w", read("unit = web.service, group = 1")),
                new Workload(ServiceName.of("any"), "a", WorkloadSelector.uid(0))));
    SocketOwner owner = owner(0, "/system.slice/web.service");
    assertThat(matcher.needsProcesses(owner)).isTrue();
    assertThat(matcher.match(owner, new SocketHolders.Unknown("no helper")))
        .as("the other service could be meant as little")
        .isEqualTo(new Attestation.Unknown(owner, Optional.of("no helper")));
    assertThat(matcher.match(owner, heldBy(0, runs(0, 1, "/a"))))
        .isInstanceOf(Attestation.Ambiguous.class);
    assertThat(matcher.needsProcesses(owner(0, "/system.slice/x.service"))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "/system.slice/docker-ID.scope, true",
    "/machine.slice/libpod-ID.scope/container, true",
    "/machine.slice/libpod-ID.scope, true",
    "/libpod_parent/libpod-ID, true",
    "/docker/ID, true",
    "/docker/ID/init, true",
    "/user.slice/user-1.slice/docker-ID.scope, false",
    "/system.slice/docker-IDx.scope, false",
    "/system.slice/docker.service, false",
  })
  void aContainerIsFoundByItsControlGroup(String path, boolean matches) {
    String id = "3f4d0123456789ab" + "0".repeat(48);
    assertThat(
            read("container { id = 3f4d0123456789ab }").matches(owner(0, path.replace("ID", id))))
        .isEqualTo(matches);
    assertThat(
            read("container { id = 3f4d0123456789ac }").matches(owner(0, path.replace("ID", id))))
        .isFalse();
  }

  @Test
  void formsThatCannotBeAreRefused() {
    for (String text :
        List.of(
            "executable = nginx",
            "executable = /usr/../nginx",
            "sha256 = abc",
            "container { id = 3f }",
            "group = no-such-group-here")) {
      assertThatThrownBy(() -> read(text)).as(text).isInstanceOf(HoconException.class);
    }
  }

  /** What both claim, the configuration must have been refused for, or have parts of two kinds. */
  @Property
  void whatTwoSelectorsOfOneKindMatchTheyOverlapIn(
      @ForAll("selectors") WorkloadSelector first,
      @ForAll("selectors") WorkloadSelector second,
      @ForAll("owners") SocketOwner owner) {
    boolean unlike =
        first.unit().isPresent() != second.unit().isPresent()
            || first.cgroup().isPresent() != second.cgroup().isPresent();
    if (!unlike && first.matches(owner) && second.matches(owner)) {
      assertThat(first.overlaps(second)).isTrue();
      assertThat(second.overlaps(first)).isTrue();
    }
  }

  @Provide
  Arbitrary<WorkloadSelector> selectors() {
    return net.jqwik.api.Combinators.combine(
            Arbitraries.of("web.service", "shop.service").optional(),
            Arbitraries.of("/system.slice", "/system.slice/web.service").optional(),
            Arbitraries.of(1, 2).optional())
        .filter((unit, group, uid) -> unit.isPresent() || group.isPresent() || uid.isPresent())
        .as(WorkloadSelector::new);
  }

  @Provide
  Arbitrary<SocketOwner> owners() {
    return net.jqwik.api.Combinators.combine(
            Arbitraries.of(1, 2, 3),
            Arbitraries.of("/system.slice/web.service", "/system.slice/shop.service/x", "/")
                .optional())
        .as(SocketOwner::new);
  }

  private static SocketOwner owner(int uid, String path) {
    return new SocketOwner(uid, Optional.of(path));
  }

  private static WorkloadSelector read(String text) {
    return WorkloadSelector.read(Section.parse("services.d/web.conf", text));
  }
}
