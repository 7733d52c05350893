package io.hostmesh.model.hocon;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * One object of a HOCON document, read strictly: a reader asks for each key that it knows, then
 * calls {@link #end()}, which refuses all others. Every refusal is a {@link HoconException} that
 * names the file, the line and the key. Not for use by several threads.
 */
public final class Section {
  private final String file;
  private final String path;
  private final ConfigObject object;
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
    return new Section(file, "", Document.read(file, text, overrides));
  }

  /** The place of this object. */
  public Origin origin() {
    return at(object, path).origin();
  }

  /** The place of a key's value, or of this object where the key is not there. */
  public Origin origin(String key) {
    ConfigValue value = object.get(key);
    return value == null
        ? new Origin(file, origin().line(), keyPath(key))
        : at(value, keyPath(key)).origin();
  }

  /** A refusal of a key's value. */
  public HoconException refuse(String key, String problem) {
    return new HoconException(origin(key), problem);
  }

  public boolean has(String key) {
    return optional(key).isPresent();
  }

  /** Whether a key's value is an object { ... }; false where it is not there. */
  public boolean isObject(String key) {
    return optional(key).map(value -> value.value() instanceof ConfigObject).orElse(false);
  }

  /** The keys of this object as they are written, for objects whose keys are the user's own. */
  public List<String> keys() {
    return object.keySet().stream().sorted().toList();
  }

  public String string(String key) {
    return required(key).string();
  }

  public String string(String key, String otherwise) {
    return optionalString(key).orElse(otherwise);
  }

  public Optional<String> optionalString(String key) {
    return optional(key).map(Value::string);
  }

  public boolean bool(String key, boolean otherwise) {
    return optional(key).map(Value::bool).orElse(otherwise);
  }

  /**
   * @throws HoconException where the number is not within {@code min} to {@code max}, both included
   */
  public int integer(String key, int min, int max) {
    return required(key).integer(min, max);
  }

  public int integer(String key, int min, int max, int otherwise) {
    return optional(key).map(value -> value.integer(min, max)).orElse(otherwise);
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
    return optional(key).map(Value::duration);
  }

  /** A size in bytes such as {@code 64KiB}. */
  public long bytes(String key, long otherwise) {
    return optional(key).map(Value::bytes).orElse(otherwise);
  }

  /**
   * A string with a form of its own.
   *
   * @param parse throws {@link IllegalArgumentException} with a sentence where the form is wrong
   */
  public <T> T value(String key, Function<String, T> parse) {
    return required(key).parsed(parse);
  }

  public <T> T value(String key, Function<String, T> parse, T otherwise) {
    return optionalValue(key, parse).orElse(otherwise);
  }

  public <T> Optional<T> optionalValue(String key, Function<String, T> parse) {
    return optional(key).map(value -> value.parsed(parse));
  }

  /** One of an enum's constants, written in lower case with hyphens. */
  public <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
    return optional(key).map(value -> value.choice(type)).orElse(otherwise);
  }

  /** A list of strings; one string stands for a list of one. */
  public List<String> strings(String key) {
    return optional(key).map(Value::strings).orElse(List.of());
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
        .orElseGet(() -> child(key, keyPath(key), ConfigFactory.empty(file).root()));
  }

  public Optional<Section> optionalSection(String key) {
    return optional(key).map(value -> child(key, keyPath(key), value.object()));
  }

  /** A list of objects. */
  public List<Section> sections(String key) {
    return optional(key).map(value -> items(key, value)).orElse(List.of());
  }

  private List<Section> items(String key, Value list) {
    List<Section> items = new ArrayList<>();
    for (ConfigValue item : list.objects()) {
      String index = key + "[" + items.size() + "]";
      items.add(child(index, keyPath(index), at(item, keyPath(index)).object()));
    }
    return List.copyOf(items);
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
            Comparator.comparingInt(
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

  private Section child(String key, String childPath, ConfigObject childObject) {
    return children.computeIfAbsent(key, _ -> new Section(file, childPath, childObject));
  }

  private Value required(String key) {
    return optional(key)
        .orElseThrow(() -> new HoconException(origin(key), "is required and not set"));
  }

  private Optional<Value> optional(String key) {
    known.add(key);
    return Optional.ofNullable(object.get(key))
        .filter(value -> value.valueType() != ConfigValueType.NULL)
        .map(value -> at(value, keyPath(key)));
  }

  private Value at(ConfigValue value, String valuePath) {
    boolean isOverride = value.origin().description().startsWith(Document.OVERRIDE);
    return new Value(
        value, Origin.of(value.origin(), isOverride ? Document.OVERRIDE : file, valuePath));
  }

  private String keyPath(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
