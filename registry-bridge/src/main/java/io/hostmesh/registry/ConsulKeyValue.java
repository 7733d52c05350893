package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.kiwiproject.consul.ConsulException;
import org.kiwiproject.consul.KeyValueClient;
import org.kiwiproject.consul.model.kv.Value;
import org.kiwiproject.consul.option.ImmutablePutOptions;
import org.kiwiproject.consul.option.Options;
import org.kiwiproject.consul.option.PutOptions;

/** The key-value store by consul-client. */
final class ConsulKeyValue implements KeyValue {
  private static final int CONFLICT = 409;

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
  public CompletableFuture<Boolean> commit(List<Write> writes) {
    RawConsul raw = connections.raw();
    ArrayNode operations = raw.mapper().createArrayNode();
    writes.forEach(write -> operation(operations.addObject().putObject("KV"), write));
    return connections.call(
        () -> {
          try {
            JsonNode _ = raw.put("/v1/txn", operations);
            return true;
          } catch (ConsulException e) {
            if (e.hasCode()
                && e.getCode() == CONFLICT
                && String.valueOf(e.getMessage()).contains("index is stale")) {
              return false;
            }
            throw e; // A write that the token may not do comes as 409, too.
          }
        });
  }

  private static void operation(ObjectNode operation, Write write) {
    operation.put("Key", write.key());
    boolean always = write.modifyIndex().isEmpty();
    write.modifyIndex().ifPresent(index -> operation.put("Index", index));
    if (write.text().isPresent()) {
      byte[] bytes = write.text().get().getBytes(StandardCharsets.UTF_8);
      operation
          .put("Verb", always ? "set" : "cas")
          .put("Value", Base64.getEncoder().encodeToString(bytes));
    } else {
      operation.put("Verb", always ? "delete" : "delete-cas");
    }
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
