package io.hostmesh.pilot.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Instance;
import io.hostmesh.pilot.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CatalogGuardTest {
  private static final Instant START = Instant.parse("2026-11-23T00:00:00Z");
  private static final CatalogGuard.Limits LIMITS =
      new CatalogGuard.Limits(50, 10, Duration.ofMinutes(10));

  private static List<Instance> instances(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> Sample.instance("web", "n" + i, "i1")).toList();
  }

  private static CatalogGuard of(int instances) {
    return CatalogGuard.fresh(LIMITS).next(instances(0, instances), START);
  }

  @Test
  void anEmptyAnswerIsHeldUntilTheTimeIsOver() {
    CatalogGuard guard = of(3).next(List.of(), START);
    assertThat(guard.isHolding()).isTrue();
    assertThat(guard.instances()).hasSize(3);
    assertThat(guard.at(START.plusSeconds(599)).instances()).hasSize(3);
    assertThat(guard.at(START.plusSeconds(600)).instances()).isEmpty();
    assertThat(guard.at(START.plusSeconds(600)).isHolding()).isFalse();
  }

  @Test
  void anOperatorCanConfirm() {
    assertThat(of(30).next(instances(0, 5), START).confirmed().instances()).hasSize(5);
  }

  @Test
  void theLastInstanceMayGo() {
    assertThat(of(1).next(List.of(), START).instances()).isEmpty();
  }

  @Test
  void fewOrTheSmallerHalfMayGo() {
    assertThat(of(12).next(instances(0, 3), START).isHolding()).isFalse();
    assertThat(of(40).next(instances(0, 20), START).isHolding()).isFalse();
    assertThat(of(40).next(instances(0, 19), START).isHolding()).isTrue();
  }

  @Test
  void whatComesBackOrIsNewPassesWhileTheRestIsKept() {
    CatalogGuard guard = of(4).next(List.of(), START).next(instances(3, 5), START.plusSeconds(5));
    assertThat(guard.isHolding()).isTrue();
    assertThat(guard.since()).contains(START);
    assertThat(guard.instances()).hasSize(5);
    assertThat(guard.missing()).hasSize(3);
    CatalogGuard back = guard.next(instances(0, 5), START.plusSeconds(6));
    assertThat(back.isHolding()).isFalse();
    assertThat(back.instances()).hasSize(5);
  }

  @Property(tries = 200)
  void whatTheRegistryListsIsAlwaysShown(
      @ForAll List<@IntRange(max = 40) Integer> sizes, @ForAll @IntRange(max = 20) int offset) {
    CatalogGuard guard = CatalogGuard.fresh(LIMITS);
    for (int size : sizes) {
      List<Instance> answer = instances(offset, offset + size);
      guard = guard.next(answer, START);
      assertThat(new HashSet<>(guard.instances())).containsAll(answer);
      assertThat(guard.instances()).doesNotHaveDuplicates();
      assertThat(guard.instances().size()).isEqualTo(answer.size() + guard.missing().size());
      assertThat(guard.confirmed().instances()).hasSameElementsAs(answer);
    }
  }
}
