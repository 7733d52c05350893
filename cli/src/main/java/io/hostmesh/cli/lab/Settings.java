package io.hostmesh.cli.lab;

import io.hostmesh.model.hocon.Nearest;
import io.hostmesh.runtime.UserError;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which daemon gets which of the settings behind {@code lab up … --}. */
final class Settings {
  private static final Pattern FORM =
      Pattern.compile("\\s*([A-Za-z0-9_.\"-]+)\\s*(\\+=|[=:{]).*", Pattern.DOTALL);

  private static final SortedSet<String> NONE = Collections.emptySortedSet();

  private Settings() {}

  /**
   * Gives each setting to all daemons that know its key, or to the one whose name stands in front
   * of it.
   *
   * @param keys what each daemon knows, by its name
   * @param onlyNamed daemons that get nothing but what has their name in front
   * @return each daemon's settings, in their order
   * @throws UserError where a setting has no such form, or nobody knows its key
   */
  static Map<String, List<String>> assign(
      List<String> settings, Map<String, SortedSet<String>> keys, Set<String> onlyNamed) {
    Map<String, List<String>> assigned = new LinkedHashMap<>();
    keys.keySet().forEach(daemon -> assigned.put(daemon, new ArrayList<>()));
    for (String setting : settings) {
      String key = key(setting);
      Optional<String> only = only(key, keys);
      String text = setting.strip();
      boolean taken = false;
      for (Map.Entry<String, List<String>> daemon : assigned.entrySet()) {
        String name = daemon.getKey();
        if (only.isPresent() && only.get().equals(name)) {
          daemon.getValue().add(text.substring(name.length() + 1));
          taken = true;
        } else if (only.isEmpty()
            && !onlyNamed.contains(name)
            && knows(keys.getOrDefault(name, NONE), key)) {
          daemon.getValue().add(text);
          taken = true;
        }
      }
      if (!taken) {
        throw unknown(key, keys);
      }
    }
    return assigned;
  }

  private static String key(String setting) {
    Matcher matcher = FORM.matcher(setting);
    if (!matcher.matches()) {
      throw new UserError("setting \"" + setting + "\" is not of the form key=value");
    }
    return matcher.group(1);
  }

  /** The daemon that a key names in front of one of its own keys. */
  private static Optional<String> only(String key, Map<String, SortedSet<String>> keys) {
    for (Map.Entry<String, SortedSet<String>> daemon : keys.entrySet()) {
      String prefix = daemon.getKey() + ".";
      // A daemon may have a key that begins with another daemon's name: citadel.address of an
      // agent.
      if (key.startsWith(prefix) && knows(daemon.getValue(), key.substring(prefix.length()))) {
        return Optional.of(daemon.getKey());
      }
    }
    return Optional.empty();
  }

  /** The key itself, an object above it, or an entry of a map that the user fills. */
  private static boolean knows(SortedSet<String> known, String key) {
    return known.stream()
        .anyMatch(
            each -> each.equals(key) || each.startsWith(key + ".") || key.startsWith(each + "."));
  }

  private static UserError unknown(String key, Map<String, SortedSet<String>> keys) {
    Map<String, String> all = new TreeMap<>();
    keys.forEach(
        (daemon, known) ->
            known.forEach(
                each -> {
                  all.putIfAbsent(each, each);
                  all.put(daemon + "." + each, each);
                }));
    String hint =
        Nearest.to(key, new TreeSet<>(all.keySet()))
            .map(nearest -> "did you mean \"" + nearest + "\"?")
            .orElse("see docs/configuration.md for the keys that there are");
    return new UserError("setting " + key + ": no daemon knows this key; " + hint);
  }
}
