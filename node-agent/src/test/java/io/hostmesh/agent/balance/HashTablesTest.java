package io.hostmesh.agent.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Balance.RingSize;
import io.hostmesh.model.rules.BalancePolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Shares, and how few keys move: of the ring and of Maglev's table. */
class HashTablesTest {
  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("h" + i + "/api");
    }
    return names;
  }

  private static int[] equal(int count) {
    int[] weights = new int[count];
    Arrays.fill(weights, 1);
    return weights;
  }

  private static List<Entry> entries(String... nodes) {
    List<Entry> entries = new ArrayList<>();
    for (String node : nodes) {
      InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
      Endpoint endpoint =
          new Endpoint(ServiceName.of("api"), "i", node, address, Optional.empty(), true, Map.of());
      entries.add(new Entry(new Members.Candidate(endpoint, new Member()), 0));
    }
    return entries;
  }

  @Test
  void aListOfTheSameInstancesTakesTheTableOver() {
    Plan.Hashed maglev = new Plan.Hashed(BalancePolicy.MAGLEV, RingSize.DEFAULT);
    HashTables first = HashTables.none();
    HashTable table = first.of(maglev, entries("a", "b"));
    assertThat(first.of(maglev, entries("a", "b"))).isSameAs(table);
    HashTables next = first.next();
    assertThat(next.of(maglev, entries("a", "b"))).isSameAs(table);
    assertThat(next.of(maglev, entries("a", "c"))).isNotSameAs(table);
    assertThat(next.next().next().of(maglev, entries("a", "b")))
        .as("what a list did not ask for is forgotten")
        .isNotSameAs(table);
  }

  @Property(tries = 15)
  void maglevGivesEachInstanceNearlyTheSameShare(@ForAll @IntRange(min = 1, max = 100) int count) {
    MaglevTable table = new MaglevTable(names(count), equal(count));
    int[] places = new int[count];
    for (int i = 0; i < MaglevTable.SIZE; i++) {
      places[table.owner(i)]++;
    }
    int most = Arrays.stream(places).max().orElseThrow();
    int least = Arrays.stream(places).min().orElseThrow();
    assertThat(most - least).as("turns are taken one by one").isLessThanOrEqualTo(1);
  }

  @Property(tries = 15)
  void whenAnInstanceGoesMaglevMovesAtMostTwoNths(
      @ForAll @IntRange(min = 3, max = 100) int count, @ForAll @IntRange(max = 99) int gone) {
    int removed = gone % count;
    List<String> fewer = new ArrayList<>(names(count));
    fewer.remove(removed);
    MaglevTable before = new MaglevTable(names(count), equal(count));
    MaglevTable after = new MaglevTable(fewer, equal(count - 1));
    int moved = 0;
    for (int i = 0; i < MaglevTable.SIZE; i++) {
      String now = fewer.get(after.owner(i));
      moved += now.equals(names(count).get(before.owner(i))) ? 0 : 1;
    }
    assertThat((double) moved / MaglevTable.SIZE).isLessThanOrEqualTo(2.0 / count);
  }

  @Property(tries = 20)
  void onlyTheKeysOfAnUnusableInstanceMoveAndTheyComeBack(
      @ForAll @IntRange(min = 2, max = 30) int count,
      @ForAll @IntRange(max = 29) int ill,
      @ForAll boolean ring) {
    int out = ill % count;
    HashTable table =
        ring
            ? new RingTable(names(count), equal(count), RingSize.DEFAULT)
            : new MaglevTable(names(count), equal(count));
    for (int key = 0; key < 2000; key++) {
      long hash = Hashing.of("user-" + key);
      int usual = table.at(hash, _ -> true);
      int now = table.at(hash, i -> i != out);
      assertThat(now).isNotEqualTo(out).isNotEqualTo(HashTable.NONE);
      if (usual != out) {
        assertThat(now).isEqualTo(usual);
      }
    }
    assertThat(table.at(1, _ -> false)).isEqualTo(HashTable.NONE);
  }

  @Property(tries = 20)
  void whenAnInstanceGoesTheRingMovesNothingButItsKeys(
      @ForAll @IntRange(min = 3, max = 30) int count, @ForAll @IntRange(max = 29) int gone) {
    int removed = gone % count;
    // So many points a piece in both rings.
    RingTable before =
        new RingTable(names(count), equal(count), new RingSize(count * 100, 1 << 20));
    List<String> fewer = new ArrayList<>(names(count));
    fewer.remove(removed);
    RingTable after =
        new RingTable(fewer, equal(count - 1), new RingSize((count - 1) * 100, 1 << 20));
    assertThat(after.size()).isEqualTo((count - 1) * 100);
    for (int key = 0; key < 2000; key++) {
      long hash = Hashing.of("user-" + key);
      int usual = before.at(hash, _ -> true);
      if (usual != removed) {
        assertThat(fewer.get(after.at(hash, _ -> true))).isEqualTo(names(count).get(usual));
      }
    }
  }

  @Property(tries = 10)
  void theOrderOfTheListDoesNotMatterSoAllHostsAgree(@ForAll long seed, @ForAll boolean ring) {
    List<String> one = names(12);
    List<String> other = new ArrayList<>(one);
    Collections.shuffle(other, new Random(seed));
    HashTable first =
        ring ? new RingTable(one, equal(12), RingSize.DEFAULT) : new MaglevTable(one, equal(12));
    HashTable second =
        ring
            ? new RingTable(other, equal(12), RingSize.DEFAULT)
            : new MaglevTable(other, equal(12));
    for (int key = 0; key < 1000; key++) {
      long hash = Hashing.of("user-" + key);
      assertThat(other.get(second.at(hash, _ -> true)))
          .isEqualTo(one.get(first.at(hash, _ -> true)));
    }
  }

  @Test
  void weightsAreShares() {
    int[] weights = {1, 2, 7};
    List<String> names = names(3);
    for (HashTable table :
        List.of(
            new MaglevTable(names, weights),
            new RingTable(names, weights, new RingSize(20_000, 100_000)))) {
      int[] keys = new int[3];
      for (int key = 0; key < 20_000; key++) {
        keys[table.at(Hashing.of("user-" + key), _ -> true)]++;
      }
      assertThat(keys[0]).isBetween(1_600, 2_400);
      assertThat(keys[1]).isBetween(3_600, 4_400);
      assertThat(keys[2]).isBetween(13_500, 14_500);
    }
  }

  @Test
  void theRingHasItsSizes() {
    assertThat(new RingTable(names(3), equal(3), RingSize.DEFAULT).size()).isEqualTo(1026);
    assertThat(new RingTable(names(3), equal(3), new RingSize(1, 8)).size()).isEqualTo(3);
    assertThat(new RingTable(names(30), equal(30), new RingSize(1024, 60)).size()).isEqualTo(60);
    assertThat(new RingTable(List.of(), new int[0], RingSize.DEFAULT).at(1, _ -> true))
        .isEqualTo(HashTable.NONE);
  }
}
