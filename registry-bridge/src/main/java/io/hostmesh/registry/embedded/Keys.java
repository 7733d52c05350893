package io.hostmesh.registry.embedded;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The keys, and when keys were deleted: a blocking query on a prefix must also wake for those.
 * Immutable.
 *
 * @param deleted the index of each key's deletion, unless it is older than {@code forgotten}
 * @param forgotten the latest deletion that is no more remembered by its key
 */
record Keys(SortedMap<String, StoredKey> byName, SortedMap<String, Long> deleted, long forgotten) {
  static final Keys NONE = new Keys(new TreeMap<>(), new TreeMap<>(), 0);
  private static final int REMEMBERED = 1024;

  Keys {
    byName = Collections.unmodifiableSortedMap(byName);
    deleted = Collections.unmodifiableSortedMap(deleted);
  }

  Optional<StoredKey> get(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  SortedMap<String, StoredKey> under(String prefix) {
    return range(byName, prefix);
  }

  /** When anything under a prefix changed last; 1 where nothing ever did, as Consul says. */
  long indexUnder(String prefix) {
    long index = Math.max(1, forgotten);
    for (StoredKey key : under(prefix).values()) {
      index = Math.max(index, key.modifyIndex());
    }
    for (long deletion : range(deleted, prefix).values()) {
      index = Math.max(index, deletion);
    }
    return index;
  }

  /** When one key changed last. */
  long indexOf(String name) {
    @Nullable Long deletion = deleted.get(name);
    long absent = Math.max(Math.max(1, forgotten), deletion == null ? 0 : deletion);
    return get(name).map(StoredKey::modifyIndex).orElse(absent);
  }

  Keys with(StoredKey key) {
    SortedMap<String, StoredKey> copy = new TreeMap<>(byName);
    copy.put(key.key(), key);
    return new Keys(copy, deleted, forgotten);
  }

  Keys without(Iterable<String> names, long index) {
    SortedMap<String, StoredKey> copy = new TreeMap<>(byName);
    SortedMap<String, Long> graves = new TreeMap<>(deleted);
    for (String name : names) {
      copy.remove(name);
      graves.put(name, index);
    }
    if (graves.size() <= REMEMBERED) {
      return new Keys(copy, graves, forgotten);
    }
    long latest = Collections.max(graves.values());
    return new Keys(copy, new TreeMap<>(), latest);
  }

  /** What becomes of the keys that a session held. */
  Keys released(String session, UnaryOperator<StoredKey> release) {
    SortedMap<String, StoredKey> copy = new TreeMap<>(byName);
    copy.replaceAll(
        (_, key) -> key.session().filter(session::equals).isPresent() ? release.apply(key) : key);
    return new Keys(copy, deleted, forgotten);
  }

  private static <T> SortedMap<String, T> range(SortedMap<String, T> map, String prefix) {
    return prefix.isEmpty() ? map : map.subMap(prefix, prefix + Character.MAX_VALUE);
  }
}
