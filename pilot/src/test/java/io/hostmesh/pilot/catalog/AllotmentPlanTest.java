package io.hostmesh.pilot.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.AllotmentPlan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class AllotmentPlanTest {
  private static final Instant START = Instant.parse("2026-11-23T00:00:00Z");
  private static final Duration REST = Duration.ofHours(24);

  /** A key-value store with compare-and-set, as the registry's. */
  private static final class Keys {
    private final Map<Integer, Allotment> keys = new HashMap<>();
    private long index = 1;

    List<Allotment> list() {
      return new ArrayList<>(keys.values());
    }

    void carryOut(List<Step> steps) {
      for (Step step : steps) {
        Allotment there = keys.get(step.slot());
        switch (step) {
          case Step.Take(int slot, ServiceName service) -> {
            if (there == null) {
              keys.put(slot, new Allotment(slot, service, Optional.empty(), ++index));
            }
          }
          case Step.Mark(Allotment as, Optional<Instant> idle) -> {
            if (as.equals(there)) {
              keys.put(as.slot(), new Allotment(as.slot(), as.service(), idle, ++index));
            }
          }
          case Step.Free(Allotment as) -> {
            if (as.equals(there)) {
              keys.remove(as.slot());
            }
          }
        }
      }
    }
  }

  private static Set<ServiceName> services(Set<Integer> numbers) {
    Set<ServiceName> services = new HashSet<>();
    numbers.forEach(number -> services.add(ServiceName.of("s" + number)));
    return services;
  }

  @Property(tries = 200)
  void pilotsWithAnyViewsAgreeOnUniqueStableSlots(
      @ForAll @Size(max = 30) Set<@IntRange(max = 60) Integer> first,
      @ForAll @Size(max = 30) Set<@IntRange(max = 60) Integer> second) {
    int slots = 64;
    Keys keys = new Keys();
    List<Allotment> old = keys.list();
    keys.carryOut(AllotmentPlan.takes(old, services(first), slots));
    keys.carryOut(AllotmentPlan.takes(old, services(second), slots)); // A pilot with a stale view.
    Map<ServiceName, Integer> before = AllotmentPlan.slots(keys.list(), slots);
    Set<ServiceName> all = services(first);
    all.addAll(services(second));
    for (int i = 0; i < 2 * all.size() + 2; i++) {
      keys.carryOut(AllotmentPlan.takes(keys.list(), all, slots));
      keys.carryOut(AllotmentPlan.housekeeping(keys.list(), all, slots, START, REST));
    }
    Map<ServiceName, Integer> after = AllotmentPlan.slots(keys.list(), slots);
    assertThat(after.keySet()).containsAll(all);
    assertThat(after.values()).doesNotHaveDuplicates().allMatch(slot -> slot >= 1 && slot <= slots);
    assertThat(after).containsAllEntriesOf(before);
    assertThat(AllotmentPlan.takes(keys.list(), all, slots)).isEmpty();
  }

  @Test
  void aSlotRestsBeforeAnotherServiceMayHaveIt() {
    Keys keys = new Keys();
    ServiceName web = ServiceName.of("web");
    keys.carryOut(AllotmentPlan.takes(keys.list(), Set.of(web), 254));
    int slot = keys.list().getFirst().slot();
    keys.carryOut(AllotmentPlan.housekeeping(keys.list(), Set.of(), 254, START, REST));
    assertThat(AllotmentPlan.slots(keys.list(), 254)).containsEntry(web, slot);
    assertThat(
            AllotmentPlan.housekeeping(
                keys.list(), Set.of(), 254, START.plus(REST).minusSeconds(1), REST))
        .isEmpty();
    keys.carryOut(AllotmentPlan.housekeeping(keys.list(), Set.of(), 254, START.plus(REST), REST));
    assertThat(keys.list()).isEmpty();
  }

  @Test
  void aServiceThatComesBackKeepsItsSlot() {
    Keys keys = new Keys();
    Set<ServiceName> web = Set.of(ServiceName.of("web"));
    keys.carryOut(AllotmentPlan.takes(keys.list(), web, 254));
    Map<ServiceName, Integer> before = AllotmentPlan.slots(keys.list(), 254);
    keys.carryOut(AllotmentPlan.housekeeping(keys.list(), Set.of(), 254, START, REST));
    keys.carryOut(AllotmentPlan.housekeeping(keys.list(), web, 254, START.plusSeconds(9), REST));
    assertThat(AllotmentPlan.slots(keys.list(), 254)).isEqualTo(before);
    assertThat(keys.list()).allMatch(allotment -> allotment.idleSince().isEmpty());
  }

  @Test
  void rangesGiveTheirAddresses() {
    VirtualRanges ranges =
        VirtualRanges.of(
            VirtualRanges.Range.parse("241.0.0.0/8"), VirtualRanges.Range.parse("fd6d:6573::/64"));
    assertThat(ranges.slots()).isEqualTo((1 << 24) - 2);
    assertThat(ranges.addresses(258).stream().map(a -> a.getHostAddress()))
        .containsExactly("241.0.1.2", "fd6d:6573:0:0:0:0:0:102");
  }

  @Test
  void rangesThatCannotBeAreRefused() {
    for (String bad : List.of("241.0.0.0", "241.0.0.0/30", "x/8", "241.0.0.0/y", "1.2.3.4/-1")) {
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> VirtualRanges.Range.parse(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
