package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Base64;
import java.util.Optional;
import java.util.TreeSet;

/** {@code /v1/kv/}. */
final class KeyRoutes {
  /** Consul's own bound. */
  private static final int LARGEST_VALUE = 512 * 1024;

  private static final int MOST_OPERATIONS = 64;

  private final Live live;

  KeyRoutes(Live live) {
    this.live = live;
  }

  void addTo(Routes routes) {
    routes.under("GET", "/v1/kv/", new Handler.Read(this::read));
    routes.under("PUT", "/v1/kv/", new Handler.Write(this::put));
    routes.at("PUT", "/v1/txn", new Handler.Write(this::transact));
    routes.under("DELETE", "/v1/kv/", new Handler.Write(this::delete));
  }

  private Query read(Call call) {
    String name = call.rest();
    if (call.flag("keys")) {
      return new Query(store -> store.keys().indexUnder(name), store -> names(store, call));
    }
    if (call.flag("recurse")) {
      return new Query(store -> store.keys().indexUnder(name), store -> all(store, name));
    }
    return new Query(store -> store.keys().indexOf(call.name()), store -> one(store, call));
  }

  private static Answer one(Store store, Call call) {
    Optional<StoredKey> key = store.keys().get(call.rest());
    if (key.isEmpty()) {
      return Answer.NOT_FOUND;
    }
    return call.flag("raw")
        ? Answer.raw(Base64.getDecoder().decode(key.get().value()))
        : Answer.json(Views.array().add(Views.key(key.get())));
  }

  private static Answer all(Store store, String prefix) {
    ArrayNode view = Views.array();
    store.keys().under(prefix).values().forEach(key -> view.add(Views.key(key)));
    return view.isEmpty() ? Answer.NOT_FOUND : Answer.json(view);
  }

  private static Answer names(Store store, Call call) {
    String prefix = call.rest();
    Optional<String> separator = call.parameter("separator");
    TreeSet<String> names = new TreeSet<>();
    for (String name : store.keys().under(prefix).keySet()) {
      int cut = separator.map(s -> name.indexOf(s, prefix.length())).orElse(-1);
      names.add(cut < 0 ? name : name.substring(0, cut + separator.orElse("").length()));
    }
    ArrayNode view = Views.array();
    names.forEach(view::add);
    return view.isEmpty() ? Answer.NOT_FOUND : Answer.json(view);
  }

  private Answer put(Call call) {
    if (call.body().length() > LARGEST_VALUE) {
      throw new Refusal(
          413,
          "Request body(" + call.body().length() + " bytes) too large, max size: " + LARGEST_VALUE);
    }
    Store.Condition condition = condition(call);
    if (condition instanceof Store.Condition.Acquire
        && live.deadlines().rests(call.name(), live.now())) {
      return Answer.json(false);
    }
    Store.Outcome outcome =
        live.store()
            .put(
                call.name(),
                Base64.getEncoder().encodeToString(call.body().getBytes()),
                call.number("flags").orElse(0L),
                condition);
    live.become(outcome.store());
    return Answer.json(outcome.done());
  }

  /** Writes of keys, all or none; other operations than those of keys are not known here. */
  private Answer transact(Call call) {
    JsonNode operations = call.json();
    if (call.body().length() > LARGEST_VALUE) {
      throw new Refusal(
          413,
          "Request body("
              + call.body().length()
              + " bytes) too large, max size: "
              + LARGEST_VALUE
              + " bytes. See txn_max_req_len");
    }
    if (operations.size() > MOST_OPERATIONS) {
      throw new Refusal(
          413, "Transaction contains too many operations (" + operations.size() + " > 64)");
    }
    Store next = live.store();
    for (JsonNode each : operations) {
      Payload operation =
          Payload.of(each)
              .object("KV")
              .orElseThrow(() -> Refusal.badRequest("only operations of KV are known here"));
      Store.Outcome outcome = operate(next, operation);
      if (!outcome.done()) {
        String error =
            "{\"Results\":null,\"Errors\":[{\"What\":\"failed to write a key, index is stale\"}]}";
        return Answer.text(409, error);
      }
      next = outcome.store();
    }
    live.become(next);
    return Answer.json(Call.MAPPER.createObjectNode().putNull("Errors"));
  }

  private static Store.Outcome operate(Store store, Payload operation) {
    String key = operation.text("Key");
    long index = Long.parseUnsignedLong(operation.text("Index", "0"));
    return switch (operation.text("Verb")) {
      case "set" -> store.put(key, operation.text("Value"), 0, new Store.Condition.None());
      case "cas" ->
          store.put(key, operation.text("Value"), 0, new Store.Condition.Unchanged(index));
      case "delete" -> store.delete(key, Optional.empty());
      case "delete-cas" -> store.delete(key, Optional.of(index));
      default -> throw Refusal.badRequest("unknown verb " + operation.text("Verb"));
    };
  }

  private static Store.Condition condition(Call call) {
    Optional<Store.Condition> condition = call.number("cas").map(Store.Condition.Unchanged::new);
    return condition
        .or(() -> call.parameter("acquire").map(Store.Condition.Acquire::new))
        .or(() -> call.parameter("release").map(Store.Condition.Release::new))
        .orElseGet(Store.Condition.None::new);
  }

  private Answer delete(Call call) {
    if (call.flag("recurse")) {
      live.become(live.store().deleteUnder(call.rest()));
      return Answer.json(true);
    }
    Optional<Long> unchanged = call.number("cas");
    if (unchanged.filter(index -> index == 0).isPresent()) {
      throw Refusal.badRequest("Invalid cas: a delete needs an index above 0");
    }
    Store.Outcome outcome = live.store().delete(call.name(), unchanged);
    live.become(outcome.store());
    return Answer.json(outcome.done());
  }
}
