package io.hostmesh.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.ProcessSettings;
import io.hostmesh.runtime.config.ConfigFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Holds a reference file equal to what the code reads. In such a file a line {@code # text} is a
 * comment, {@code key = value} sets a key to its default, and {@code #key = value} (no space) shows
 * a key whose default is "not set" or depends on the machine. Every key with a value follows a
 * comment.
 */
public final class ReferenceConfig {
  private static final Pattern SHOWN = Pattern.compile("(?m)^(\\s*)#(?=[a-z][a-z0-9.-]*\\s*[={])");
  private static final Pattern KEY = Pattern.compile("\\s*#?[a-z][a-z0-9.-]*\\s*=.*");

  private ReferenceConfig() {}

  /** Judges a daemon's file, the keys of {@link ProcessSettings} included. */
  public static void assertDescribes(Path file, Daemon<?> daemon) {
    assertDescribes(
        file, section -> List.of(ProcessSettings.read(section), (Object) daemon.read(section)));
  }

  /** Judges a file; what the reader returns must have a meaningful {@code equals}. */
  public static void assertDescribes(Path file, Function<Section, ?> reader) {
    String text = ConfigFile.text(file);
    Section nothing = Section.parse("empty", "");
    Object defaults = reader.apply(nothing);

    Section reference = Section.parse(file.toString(), text);
    Object described = reader.apply(reference);
    reference.end();
    assertThat(described).as("%s sets each key to its default", file).isEqualTo(defaults);

    // Not read: shown keys may exclude each other.
    SortedSet<String> shown =
        keys(Section.parse(file.toString(), SHOWN.matcher(text).replaceAll("$1")), "");
    SortedSet<String> read = nothing.keysRead();
    assertThat(read)
        .as("every key is shown in %s", file)
        .allSatisfy(key -> assertThat(shown).as(key).anyMatch(other -> isAtOrBelow(other, key)));
    assertThat(shown)
        .as("every key shown in %s is read", file)
        .allSatisfy(key -> assertThat(read).as(key).anyMatch(other -> isAtOrBelow(key, other)));
    assertThat(uncommented(text)).as("keys without a comment in %s", file).isEmpty();
  }

  private static boolean isAtOrBelow(String key, String place) {
    return key.equals(place) || key.startsWith(place + ".");
  }

  private static SortedSet<String> keys(Section section, String path) {
    SortedSet<String> keys = new TreeSet<>();
    for (String key : section.keys()) {
      Optional<Section> inner = inner(section, key);
      if (inner.isPresent() && !inner.get().keys().isEmpty()) {
        keys.addAll(keys(inner.get(), path + key + "."));
      } else {
        keys.add(path + key);
      }
    }
    return keys;
  }

  private static Optional<Section> inner(Section section, String key) {
    try {
      return section.optionalSection(key);
    } catch (HoconException notAnObject) {
      return Optional.empty();
    }
  }

  private static List<String> uncommented(String text) {
    List<String> bare = new ArrayList<>();
    String before = "";
    for (String line : text.lines().toList()) {
      boolean commented = before.strip().startsWith("# ") || line.indexOf(" # ") > 0;
      if (KEY.matcher(line).matches() && !commented) {
        bare.add(line);
      }
      before = line;
    }
    return bare;
  }
}
