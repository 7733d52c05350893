package io.hostmesh.citadel;

import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.registry.Watch;
import io.hostmesh.registry.WatchListener;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A registry's KV that behaves as Consul's, in memory; it can be away. */
public final class InMemoryKeyValue implements KeyValue, AutoCloseable {
  private final TreeMap<String, Entry> entries = new TreeMap<>();
  private final Map<Object, Follower> followers = new ConcurrentHashMap<>();
  private final ExecutorService news = Executors.newSingleThreadExecutor();
  private long index = 10;
  private boolean away;

  private record Follower(String prefix, WatchListener<SortedMap<String, Entry>> listener) {}

  public synchronized void away(boolean isAway) {
    away = isAway;
  }

  private <T> CompletableFuture<T> answer(T value) {
    return away
        ? CompletableFuture.failedFuture(
            new IllegalStateException("the registry at 127.0.0.1:8500 does not answer"))
        : CompletableFuture.completedFuture(value);
  }

  @Override
  public synchronized CompletableFuture<Optional<Entry>> get(String key) {
    return answer(Optional.ofNullable(entries.get(key)));
  }

  @Override
  public synchronized CompletableFuture<SortedMap<String, Entry>> list(String prefix) {
    return answer(under(prefix));
  }

  private SortedMap<String, Entry> under(String prefix) {
    return Collections.unmodifiableSortedMap(
        new TreeMap<>(entries.subMap(prefix, prefix + Character.MAX_VALUE)));
  }

  @Override
  public synchronized CompletableFuture<Void> put(String key, byte[] value) {
    if (!away) {
      write(key, value);
    }
    return answer(true).thenAccept(_ -> {});
  }

  @Override
  public synchronized CompletableFuture<Boolean> putIf(String key, byte[] value, long modifyIndex) {
    long there = entries.containsKey(key) ? entries.get(key).modifyIndex() : ABSENT;
    if (there == modifyIndex && !away) {
      write(key, value);
    }
    return answer(there == modifyIndex);
  }

  @Override
  public synchronized CompletableFuture<Void> delete(String key) {
    if (!away && entries.remove(key) != null) {
      tell(key);
    }
    return answer(true).thenAccept(_ -> {});
  }

  @Override
  public synchronized CompletableFuture<Boolean> deleteIf(String key, long modifyIndex) {
    boolean same = entries.containsKey(key) && entries.get(key).modifyIndex() == modifyIndex;
    if (same && !away) {
      entries.remove(key);
      tell(key);
    }
    return answer(same);
  }

  @Override
  public CompletableFuture<Boolean> commit(List<Write> writes) {
    throw new UnsupportedOperationException("citadel commits nothing");
  }

  private void write(String key, byte[] value) {
    entries.put(key, new Entry(value, ++index));
    tell(key);
  }

  private void tell(String key) {
    followers.values().stream()
        .filter(follower -> key.startsWith(follower.prefix()))
        .forEach(
            follower -> {
              SortedMap<String, Entry> state = under(follower.prefix());
              news.execute(() -> follower.listener().changed(state));
            });
  }

  @Override
  public synchronized Watch watch(String prefix, WatchListener<SortedMap<String, Entry>> listener) {
    Object id = new Object();
    followers.put(id, new Follower(prefix, listener));
    if (!away) {
      SortedMap<String, Entry> state = under(prefix);
      news.execute(() -> listener.changed(state));
    }
    return () -> followers.remove(id);
  }

  @Override
  public void close() {
    news.shutdownNow();
  }
}
