package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Plan.Hashed;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tables of one list of endpoints: each made once, when it is asked for first, and taken over
 * from the list before where the instances are the same, since most changes of a list are of
 * somebody's health. Any thread.
 */
final class HashTables {
  /** What a table is made of; weights in the order of the names. */
  private record Key(Hashed hashed, List<String> names, List<Integer> weights) {}

  private final Map<Key, HashTable> before;
  private final ConcurrentHashMap<Key, HashTable> made = new ConcurrentHashMap<>();

  private HashTables(Map<Key, HashTable> before) {
    this.before = before;
  }

  static HashTables none() {
    return new HashTables(Map.of());
  }

  /** Those of the next list: what that does not ask for is forgotten with this one. */
  HashTables next() {
    return new HashTables(made);
  }

  HashTable of(Hashed hashed, List<Entry> listed) {
    Key key =
        new Key(
            hashed,
            listed.stream().map(Entry::name).toList(),
            listed.stream().map(Entry::weight).toList());
    return made.computeIfAbsent(
        key,
        _ -> {
          HashTable known = before.get(key);
          return known == null ? make(key) : known;
        });
  }

  private static HashTable make(Key key) {
    int[] weights = key.weights.stream().mapToInt(weight -> weight).toArray();
    return switch (key.hashed.policy()) {
      case RING_HASH -> new RingTable(key.names, weights, key.hashed.ring());
      case MAGLEV -> new MaglevTable(key.names, weights);
      case LEAST_REQUEST, ROUND_ROBIN, RANDOM, PEAK_EWMA ->
          throw new IllegalStateException(key.hashed.policy() + " hashes nothing");
    };
  }
}
