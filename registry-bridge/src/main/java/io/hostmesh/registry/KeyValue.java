package io.hostmesh.registry;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;

/**
 * The registry's key-value store (Consul, "KV Store" HTTP API). Safe for any thread, and never
 * blocks the caller: futures complete on virtual threads of the registry's, exceptionally with
 * {@link RegistryException}. Keys are given without a leading slash.
 */
public interface KeyValue {
  /** The index that stands for "not there" in a compare-and-set. */
  long ABSENT = 0;

  CompletableFuture<Optional<Entry>> get(String key);

  /** All keys that begin with the prefix, in their order; empty where there is none. */
  CompletableFuture<SortedMap<String, Entry>> list(String prefix);

  /** Writes whatever stood there before. */
  CompletableFuture<Void> put(String key, byte[] value);

  /**
   * Writes only where the key is as it was read.
   *
   * @param modifyIndex {@link Entry#modifyIndex()} as it was read, {@link #ABSENT} to create only
   * @return false where the key has changed meanwhile
   */
  CompletableFuture<Boolean> putIf(String key, byte[] value, long modifyIndex);

  /** Deletes; no error where nothing is there. */
  CompletableFuture<Void> delete(String key);

  /**
   * Deletes only where the key is as it was read.
   *
   * @param modifyIndex {@link Entry#modifyIndex()} as it was read
   * @return false where the key has changed meanwhile
   */
  CompletableFuture<Boolean> deleteIf(String key, long modifyIndex);

  /** How many writes one {@link #commit} may have: the least that a version of Consul allows. */
  int MOST_WRITES = 64;

  /** How many bytes the writes of one {@link #commit} may have, names and values, as UTF-8. */
  int MOST_BYTES = 360 * 1024; // Consul's 512 KiB, of which Base64 takes a third.

  /**
   * A write among others.
   *
   * @param text empty to delete the key
   * @param modifyIndex the key must be as it was read then, {@link #ABSENT}: not there; empty where
   *     it does not matter
   */
  record Write(String key, Optional<String> text, OptionalLong modifyIndex) {
    public static Write put(String key, String text, long modifyIndex) {
      return new Write(key, Optional.of(text), OptionalLong.of(modifyIndex));
    }

    public static Write delete(String key, long modifyIndex) {
      return new Write(key, Optional.empty(), OptionalLong.of(modifyIndex));
    }

    /** A deletion that is no error where nothing is there. */
    public static Write delete(String key) {
      return new Write(key, Optional.empty(), OptionalLong.empty());
    }
  }

  /**
   * Makes all writes or none, seen by others all at once (Consul, "Transactions").
   *
   * @param writes at most {@link #MOST_WRITES}
   * @return false where a key has changed since it was read, and nothing was written
   */
  CompletableFuture<Boolean> commit(List<Write> writes);

  /**
   * Follows all keys under a prefix by blocking queries, one connection a watch.
   *
   * @throws IllegalStateException where the registry's bound of watches is reached
   */
  Watch watch(String prefix, WatchListener<SortedMap<String, Entry>> listener);
}
