package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.KeyValueClient;
import org.kiwiproject.consul.model.kv.Value;
import org.kiwiproject.consul.option.ImmutablePutOptions;
import org.kiwiproject.consul.option.Options;
import org.kiwiproject.consul.option.PutOptions;

/** The key-value store by consul-client. */
final class ConsulKeyValue implements KeyValue {
  private final Connections connections;

  ConsulKeyValue(Connections connections) {
    this.connections = connections;
  }

  private KeyValueClient client() {
    return connections.calls().keyValueClient();
  }

  @Override
  public CompletableFuture<Optional<Entry>> get(String key) {
    return connections.call(() -> client().getValue(key).map(ConsulKeyValue::entry));
  }

  @Override
  public CompletableFuture<SortedMap<String, Entry>> list(String prefix) {
    return connections.call(
        () -> entries(client().getConsulResponseWithValues(prefix).getResponse()));
  }

  @Override
  public CompletableFuture<Void> put(String key, byte[] value) {
    return connections
        .call(() -> client().putValue(key, value, 0, Options.BLANK_PUT_OPTIONS))
        .thenAccept(_ -> {});
  }

  @Override
  public CompletableFuture<Boolean> putIf(String key, byte[] value, long modifyIndex) {
    PutOptions options = ImmutablePutOptions.builder().cas(modifyIndex).build();
    return connections.call(() -> client().putValue(key, value, 0, options));
  }

  @Override
  public CompletableFuture<Void> delete(String key) {
    return connections
        .call(
            () -> {
              client().deleteKey(key);
              return true;
            })
        .thenAccept(_ -> {});
  }

  @Override
  public CompletableFuture<Boolean> deleteIf(String key, long modifyIndex) {
    RawConsul raw = connections.raw();
    HttpUrl url = raw.key(key).addQueryParameter("cas", Long.toString(modifyIndex)).build();
    return connections.call(
        () -> {
          JsonNode answer = raw.delete(url);
          return answer.asBoolean();
        });
  }

  @Override
  public Watch watch(String prefix, WatchListener<SortedMap<String, Entry>> listener) {
    return new BlockingQuery<>(
        connections,
        "kv-" + prefix,
        options ->
            connections.watches().keyValueClient().getConsulResponseWithValues(prefix, options),
        new ChangesOnly<>(listener, ConsulKeyValue::entries));
  }

  private static Entry entry(Value value) {
    return new Entry(value.getValueAsBytes().orElse(new byte[0]), value.getModifyIndex());
  }

  private static SortedMap<String, Entry> entries(@Nullable List<Value> values) {
    SortedMap<String, Entry> entries = new TreeMap<>();
    if (values != null) { // 404: nothing under this prefix.
      values.forEach(value -> entries.put(value.getKey(), entry(value)));
    }
    return Collections.unmodifiableSortedMap(entries);
  }
}
