package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads request bodies in Consul's names, which it takes in any case, as Go's decoder does. */
record Payload(Map<String, JsonNode> fields) {
  private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|ms|s|m|h)");

  static Payload of(JsonNode json) {
    if (!json.isObject()) {
      throw Refusal.badRequest("Request decode failed: expected a JSON object");
    }
    Map<String, JsonNode> fields = new HashMap<>();
    json.propertyStream()
        .filter(field -> !field.getValue().isNull())
        .forEach(field -> fields.put(canonical(field.getKey()), field.getValue()));
    return new Payload(fields);
  }

  private static String canonical(String name) {
    return name.replace("_", "").toLowerCase(java.util.Locale.ROOT);
  }

  boolean has(String name) {
    return fields.containsKey(canonical(name));
  }

  String text(String name) {
    return text(name, "");
  }

  String text(String name, String otherwise) {
    JsonNode value = fields.get(canonical(name));
    return value == null ? otherwise : value.asText(otherwise);
  }

  int integer(String name) {
    JsonNode value = fields.get(canonical(name));
    if (value != null && !value.canConvertToInt()) {
      throw Refusal.badRequest("Request decode failed: " + name + " is not a number");
    }
    return value == null ? 0 : value.asInt();
  }

  boolean flag(String name) {
    JsonNode value = fields.get(canonical(name));
    return value != null && value.asBoolean();
  }

  Optional<Payload> object(String name) {
    return Optional.ofNullable(fields.get(canonical(name))).map(Payload::of);
  }

  List<Payload> objects(String name) {
    List<Payload> objects = new ArrayList<>();
    JsonNode value = fields.get(canonical(name));
    if (value != null) {
      value.forEach(item -> objects.add(of(item)));
    }
    return objects;
  }

  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    JsonNode value = fields.get(canonical(name));
    if (value != null) {
      value.forEach(item -> texts.add(item.asText()));
    }
    return texts;
  }

  Map<String, String> textMap(String name) {
    Map<String, String> map = new HashMap<>();
    JsonNode value = fields.get(canonical(name));
    if (value != null) {
      value.propertyStream().forEach(field -> map.put(field.getKey(), field.getValue().asText()));
    }
    return map;
  }

  /** A duration of Go's form, or a number of nanoseconds. */
  Optional<Duration> duration(String name) {
    JsonNode value = fields.get(canonical(name));
    if (value == null || value.asText("").isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        value.isNumber() ? Duration.ofNanos(value.asLong()) : duration(name, value.asText()));
  }

  /**
   * Reads a duration such as {@code 1m30s}.
   *
   * @param name for the refusal
   */
  static Duration duration(String name, String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Duration sum = Duration.ZERO;
    Matcher matcher = PART.matcher(text);
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      end = matcher.end();
      double nanos = Double.parseDouble(matcher.group(1)) * nanos(matcher.group(2));
      sum = sum.plusNanos((long) nanos);
    }
    if (end != text.length() || end == 0) {
      throw Refusal.badRequest("Invalid " + name + ": \"" + text + "\" is not a duration");
    }
    return sum;
  }

  private static double nanos(String unit) {
    return switch (unit) {
      case "ns" -> 1;
      case "us" -> 1e3;
      case "ms" -> 1e6;
      case "s" -> 1e9;
      case "m" -> 60e9;
      default -> 3600e9;
    };
  }
}
