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
