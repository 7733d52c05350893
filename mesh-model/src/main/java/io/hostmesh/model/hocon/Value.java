package io.hostmesh.model.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A value of a document and its place, read as one kind or another. Every method throws {@link
 * HoconException} with the place where the value is not of its kind.
 */
record Value(ConfigValue value, Origin origin) {

  HoconException refuse(String problem) {
    return new HoconException(origin, problem);
  }

  /** A string, as it was written: 1.10 stays "1.10". */
  String string() {
    return switch (value.valueType()) {
      case STRING, NUMBER, BOOLEAN -> value.atKey("v").getString("v");
      default -> throw refuse("expected a string, got " + rendered());
    };
  }

  boolean bool() {
    return read(config -> config.getBoolean("v"), "true or false");
  }

  /** A whole number within {@code min} to {@code max}, both included. */
  int integer(int min, int max) {
    long number = read(config -> config.getLong("v"), "a whole number");
    if (number < min || number > max) {
      throw refuse(number + " is not within " + min + " to " + max);
    }
    return (int) number;
  }

  /** Never negative, never without a unit. */
  Duration duration() {
    if (value.valueType() == ConfigValueType.NUMBER) {
      throw refuse(rendered() + " has no unit: write for instance 500ms, 10s or 1h");
    }
    Duration duration =
        read(config -> config.getDuration("v"), "a duration such as 500ms, 10s or 1h");
    if (duration.isNegative()) {
      throw refuse(rendered() + " is negative");
    }
    return duration;
  }

  long bytes() {
    return read(config -> config.getBytes("v"), "a size such as 64KiB");
  }

  /**
   * @param parse throws {@link IllegalArgumentException} with a sentence where the form is wrong
   */
  <T> T parsed(Function<String, T> parse) {
    String text = string();
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new HoconException(origin, String.valueOf(e.getMessage()), e);
    }
  }

  /** One of an enum's constants, written in lower case with hyphens. */
  <E extends Enum<E>> E choice(Class<E> type) {
    SortedMap<String, E> choices = new TreeMap<>();
    for (E constant : type.getEnumConstants()) {
      choices.put(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'), constant);
    }
    String text = string();
    E chosen = choices.get(text);
    if (chosen == null) {
      throw refuse("\"" + text + "\" is not one of " + String.join(", ", choices.keySet()));
    }
    return chosen;
  }

  /** A list of strings; one string stands for a list of one. */
  List<String> strings() {
    return value instanceof ConfigList list
        ? list.stream().map(item -> new Value(item, origin).string()).toList()
        : List.of(string());
  }

  ConfigList objects() {
    if (!(value instanceof ConfigList list)) {
      throw refuse("expected a list of objects, got " + rendered());
    }
    return list;
  }

  ConfigObject object() {
    if (!(value instanceof ConfigObject object)) {
      throw refuse("expected an object { ... }, got " + rendered());
    }
    return object;
  }

  private <T> T read(Function<Config, T> getter, String expected) {
    try {
      return getter.apply(value.atKey("v"));
    } catch (ConfigException e) {
      throw new HoconException(origin, "expected " + expected + ", got " + rendered(), e);
    }
  }

  private String rendered() {
    return value.render(ConfigRenderOptions.concise());
  }
}
