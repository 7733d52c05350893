package io.hostmesh.registry;

import java.util.Optional;
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

  /**
   * Follows all keys under a prefix by blocking queries, one connection a watch.
   *
   * @throws IllegalStateException where the registry's bound of watches is reached
   */
  Watch watch(String prefix, WatchListener<SortedMap<String, Entry>> listener);
}
