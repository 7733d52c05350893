package io.hostmesh.model.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One object of a HOCON document, read strictly: a reader asks for each key that it knows, then
 * calls {@link #end()}, which refuses all others. Every refusal is a {@link HoconException} that
 * names the file, the line and the key. Not for use by several threads.
 */
public final class Section {
  private static final int MAX_DEPTH = 64;

  private final String file;
  private final String path;
  private final ConfigObject object;
  private final Map<String, Config> atKey = new LinkedHashMap<>();
  private final SortedSet<String> known = new TreeSet<>();
  private final SortedMap<String, Section> children = new TreeMap<>();

  private Section(String file, String path, ConfigObject object) {
    this.file = file;
    this.path = path;
    this.object = object;
  }

  /**
   * Reads a document. {@code include} is not followed: a document is what its text says.
   *
   * @param file the name for messages
   * @throws HoconException where the text is not HOCON
   */
  public static Section parse(String file, String text) {
    return parse(file, text, List.of());
  }

  /**
   * Reads a document and lays settings such as {@code log.level = debug} over it.
   *
   * @param overrides HOCON texts, the last one wins; messages call them {@code --set}
   */
  public static Section parse(String file, String text, List<String> overrides) {
    Config config = config(file, text);
    for (String override : overrides) {
      config = config("--set", override).withFallback(config);
    }
    try {
      return new Section(file, "", config.resolve().root());
    } catch (ConfigException e) {
      throw unreadable(file, e);
    }
  }

  private static Config config(String file, String text) {
    refuseDeepNesting(file, text);
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setOriginDescription(file)
            .setIncluder(new NoIncludes());
    try {
      return ConfigFactory.parseString(text, options);
    } catch (ConfigException e) {
      throw unreadable(file, e);
    }
  }

  /** The library descends by recursion, and a document may come from the network. */
  private static void refuseDeepNesting(String file, String text) {
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{' || c == '[') {
        if (++depth > MAX_DEPTH) {
          int line = 1 + (int) text.substring(0, i).chars().filter(x -> x == '\n').count();
          throw new HoconException(
              new Origin(file, line, ""), "is nested more than " + MAX_DEPTH + " levels deep");
        }
      } else if (c == '}' || c == ']') {
        depth--;
      }
    }
  }

  private static HoconException unreadable(String file, ConfigException e) {
    int line = e.origin() == null ? 0 : Math.max(e.origin().lineNumber(), 0);
    String message = String.valueOf(e.getMessage());
    // The library begins its messages with the place; ours is in the Origin.
    String problem = message.replaceFirst("^.*?: (\\d+: )?", "");
    return new HoconException(new Origin(file, line, ""), problem.isEmpty() ? message : problem, e);
  }

  /** The place of this object. */
  public Origin origin() {
    return Origin.of(object.origin(), fileOf(object), path);
  }

  /** The place of a key's value, or of this object where the key is not there. */
  public Origin origin(String key) {
    ConfigValue value = object.get(key);
    return value == null
        ? new Origin(file, origin().line(), keyPath(key))
        : Origin.of(value.origin(), fileOf(value), keyPath(key));
  }

  /** A refusal of a key's value. */
  public HoconException refuse(String key, String problem) {
    return new HoconException(origin(key), problem);
  }

  public boolean has(String key) {
    known.add(key);
    ConfigValue value = object.get(key);
    return value != null && value.valueType() != ConfigValueType.NULL;
  }

  /** The keys of this object as they are written, for objects whose keys are the user's own. */
  public List<String> keys() {
    return object.keySet().stream().sorted().toList();
  }

  public String string(String key) {
    return required(key, this::asString);
  }

  public String string(String key, String otherwise) {
    return optional(key, this::asString).orElse(otherwise);
  }

  public Optional<String> optionalString(String key) {
    return optional(key, this::asString);
  }

  public boolean bool(String key, boolean otherwise) {
    return optional(key, k -> at(k, c -> c.getBoolean("v"), "true or false")).orElse(otherwise);
  }

  /**
   * @throws HoconException where the number is not within {@code min} to {@code max}, both included
   */
  public int integer(String key, int min, int max) {
    return required(key, k -> asInt(k, min, max));
  }

  public int integer(String key, int min, int max, int otherwise) {
    return optional(key, k -> asInt(k, min, max)).orElse(otherwise);
  }

  /** A port that can be called: 1 to 65535. */
  public int port(String key) {
    return integer(key, 1, 65535);
  }

  public int port(String key, int otherwise) {
    return integer(key, 1, 65535, otherwise);
  }

  /** A duration such as {@code 500ms}, {@code 2s} or {@code 1h}; a bare number is refused. */
  public Duration duration(String key, Duration otherwise) {
    return optionalDuration(key).orElse(otherwise);
  }

  public Optional<Duration> optionalDuration(String key) {
    return optional(
        key,
        k -> {
          ConfigValue value = value(k);
          if (value.valueType() == ConfigValueType.NUMBER) {
            throw refuse(k, render(value) + " has no unit: write for instance 500ms, 10s or 1h");
          }
          Duration duration = at(k, c -> c.getDuration("v"), "a duration such as 500ms, 10s or 1h");
          if (duration.isNegative()) {
            throw refuse(k, render(value) + " is negative");
          }
          return duration;
        });
  }

  /** A size in bytes such as {@code 64KiB}. */
  public long bytes(String key, long otherwise) {
    return optional(key, k -> at(k, c -> c.getBytes("v"), "a size such as 64KiB"))
        .orElse(otherwise);
  }

  /**
   * A string with a form of its own.
   *
   * @param parse throws {@link IllegalArgumentException} with a sentence where the form is wrong
   */
  public <T> T value(String key, Function<String, T> parse) {
    return required(key, k -> parsed(k, asString(k), parse));
  }

  public <T> T value(String key, Function<String, T> parse, T otherwise) {
    return this.<T>optional(key, k -> parsed(k, asString(k), parse)).orElse(otherwise);
  }

  public <T> Optional<T> optionalValue(String key, Function<String, T> parse) {
    return optional(key, k -> parsed(k, asString(k), parse));
  }

  /** One of an enum's constants, written in lower case with hyphens. */
  public <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    SortedMap<String, E> choices = new TreeMap<>();
    for (E constant : type.getEnumConstants()) {
      choices.put(constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'), constant);
    }
    return this.<E>optional(
            key,
            k -> {
              String text = asString(k);
              E chosen = choices.get(text);
              if (chosen == null) {
                throw refuse(
                    k, "\"" + text + "\" is not one of " + String.join(", ", choices.keySet()));
              }
              return chosen;
            })
        .orElse(otherwise);
  }

  /** A list of strings; one string stands for a list of one. */
  public List<String> strings(String key) {
    return optional(
            key,
            k -> {
              ConfigValue value = value(k);
              if (value.valueType() != ConfigValueType.LIST) {
                return List.of(asString(k));
              }
              List<String> items = new ArrayList<>();
              for (ConfigValue item : (ConfigList) value) {
                items.add(scalar(k, item));
              }
              return List.copyOf(items);
            })
        .orElse(List.of());
  }

  /** An object whose keys are the user's own and whose values are strings, in the keys' order. */
  public SortedMap<String, String> stringMap(String key) {
    SortedMap<String, String> map = new TreeMap<>();
    optionalSection(key)
        .ifPresent(section -> section.keys().forEach(k -> map.put(k, section.string(k))));
    return map;
  }

  /** An object, empty where it is not there, so that its keys have their defaults. */
  public Section section(String key) {
    return optionalSection(key)
        .orElseGet(
            () ->
                children.computeIfAbsent(
                    key, k -> new Section(file, keyPath(k), ConfigFactory.empty(file).root())));
  }

  public Optional<Section> optionalSection(String key) {
    return optional(key, k -> child(k, keyPath(k), value(k)));
  }

  /** A list of objects. */
  public List<Section> sections(String key) {
    return optional(
            key,
            k -> {
              ConfigValue value = value(k);
              if (value.valueType() != ConfigValueType.LIST) {
                throw refuse(k, "expected a list of objects, got " + render(value));
              }
              List<Section> items = new ArrayList<>();
              for (ConfigValue item : (ConfigList) value) {
                String index = k + "[" + items.size() + "]";
                items.add(child(index, keyPath(index), item));
              }
              return List.copyOf(items);
            })
        .orElse(List.of());
  }

  /**
   * Ends the reading: refuses the first key, in the order of the document, that nobody asked for.
   *
   * @throws HoconException naming the nearest key that is known here
   */
  public void end() {
    object.entrySet().stream()
        .filter(entry -> !known.contains(entry.getKey()))
        .min(
            java.util.Comparator.comparingInt(
                (Map.Entry<String, ConfigValue> entry) -> entry.getValue().origin().lineNumber()))
        .ifPresent(
            entry -> {
              String hint =
                  Nearest.to(entry.getKey(), known)
                      .map(nearest -> "did you mean \"" + nearest + "\"?")
                      .orElse("known here: " + String.join(", ", known));
              throw refuse(entry.getKey(), "unknown key; " + hint);
            });
    children.values().forEach(Section::end);
  }

  /** The paths of all keys asked for so far, here and below: what a reference file must list. */
  public SortedSet<String> keysRead() {
    SortedSet<String> read = new TreeSet<>();
    for (String key : known) {
      Section child = children.get(key);
      if (child == null) {
        read.add(keyPath(key));
      } else {
        read.addAll(child.keysRead());
      }
    }
    return read;
  }

  private Section child(String key, String childPath, ConfigValue value) {
    if (!(value instanceof ConfigObject childObject)) {
      throw new HoconException(
          Origin.of(value.origin(), fileOf(value), childPath),
          "expected an object { ... }, got " + render(value));
    }
    return children.computeIfAbsent(key, _ -> new Section(file, childPath, childObject));
  }

  private <T> T required(String key, Function<String, T> read) {
    return optional(key, read)
        .orElseThrow(() -> new HoconException(origin(key), "is required and not set"));
  }

  private <T> Optional<T> optional(String key, Function<String, T> read) {
    return has(key) ? Optional.of(read.apply(key)) : Optional.empty();
  }

  private <T> T parsed(String key, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      throw new HoconException(origin(key), String.valueOf(e.getMessage()), e);
    }
  }

  private String asString(String key) {
    return scalar(key, value(key));
  }

  private String scalar(String key, ConfigValue value) {
    Object raw = value.unwrapped();
    return switch (value.valueType()) {
      case STRING, NUMBER, BOOLEAN ->
          // As it was written: 1.10 stays "1.10".
          value.atKey("v").getString("v");
      default ->
          throw refuse(key, "expected a string, got " + (raw == null ? "null" : render(value)));
    };
  }

  private int asInt(String key, int min, int max) {
    long number = at(key, c -> c.getLong("v"), "a whole number");
    if (number < min || number > max) {
      throw refuse(key, number + " is not within " + min + " to " + max);
    }
    return (int) number;
  }

  private <T> T at(String key, Function<Config, T> read, String expected) {
    try {
      return read.apply(atKey.computeIfAbsent(key, k -> value(k).atKey("v")));
    } catch (ConfigException e) {
      throw new HoconException(
          origin(key), "expected " + expected + ", got " + render(value(key)), e);
    }
  }

  private ConfigValue value(String key) {
    @Nullable ConfigValue value = object.get(key);
    if (value == null) {
      throw new HoconException(origin(key), "is required and not set");
    }
    return value;
  }

  private String keyPath(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private String fileOf(ConfigValue value) {
    String description = value.origin().description();
    return description.startsWith("--set") ? "--set" : file;
  }

  private static String render(ConfigValue value) {
    return value.render(ConfigRenderOptions.concise());
  }
}
