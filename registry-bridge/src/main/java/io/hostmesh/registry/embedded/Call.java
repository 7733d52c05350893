package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request, read whole.
 *
 * @param rest what follows the route's prefix in the path, decoded
 */
record Call(String method, String rest, MultiMap query, Buffer body) {
  static final ObjectMapper MAPPER = JsonMapper.builder().build();

  /** Consul's bounds of a blocking query. */
  private static final Duration DEFAULT_WAIT = Duration.ofMinutes(5);

  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  Payload payload() {
    return Payload.of(json());
  }

  JsonNode json() {
    try {
      return MAPPER.readTree(body.getBytes());
    } catch (JsonProcessingException e) {
      throw Refusal.badRequest("Request decode failed: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw Refusal.badRequest("Request decode failed: " + e.getMessage());
    }
  }

  /** A body that may be left out. */
  Payload payloadOrEmpty() {
    return body.length() == 0 ? new Payload(java.util.Map.of()) : payload();
  }

  /** Whether the parameter is there, unless it says no. */
  boolean flag(String name) {
    String value = query.get(name);
    return value != null && !value.equals("false") && !value.equals("0");
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(query.get(name)).filter(value -> !value.isEmpty());
  }

  Optional<Long> number(String name) {
    return parameter(name)
        .map(
            value -> {
              try {
                return Long.parseUnsignedLong(value);
              } catch (NumberFormatException e) {
                throw Refusal.badRequest("Invalid " + name + ": \"" + value + "\"");
              }
            });
  }

  /** The index that the answer must be above; 0 for an answer at once. */
  long after() {
    return number("index").orElse(0L);
  }

  Duration patience() {
    @Nullable Duration wait =
        parameter("wait").map(text -> Payload.duration("wait", text)).orElse(DEFAULT_WAIT);
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  /** What follows the prefix, which the route cannot do without. */
  String name() {
    if (rest.isEmpty()) {
      throw Refusal.badRequest("Missing name in the path");
    }
    return rest;
  }
}
