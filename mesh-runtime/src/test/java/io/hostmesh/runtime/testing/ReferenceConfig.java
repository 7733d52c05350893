package io.hostmesh.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.ProcessSettings;
import io.hostmesh.runtime.config.ConfigFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Holds a reference file equal to what the code reads. In such a file a line {@code # text} is a
 * comment, {@code key = value} sets a key to its default, and {@code #key = value} (no space) shows
 * a key whose default is "not set" or depends on the machine. Every key follows a comment.
 */
public final class ReferenceConfig {
  private static final Pattern SHOWN = Pattern.compile("(?m)^(\\s*)#(?=[a-z][a-z0-9.-]*\\s*[={])");
  private static final Pattern KEY = Pattern.compile("\\s*#?[a-z][a-z0-9.-]*\\s*[={].*");

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

    Section all = Section.parse(file.toString(), SHOWN.matcher(text).replaceAll("$1"));
    var _ = reader.apply(all);
    all.end();
    assertThat(nothing.keysRead())
        .as("every key is shown in %s", file)
        .allSatisfy(key -> assertThat(shown(all, key)).as(key).isTrue());
    assertThat(uncommented(text)).as("keys without a comment in %s", file).isEmpty();
  }

  private static boolean shown(Section document, String path) {
    int dot = path.indexOf('.');
    return dot < 0
        ? document.has(path)
        : document
            .optionalSection(path.substring(0, dot))
            .map(inner -> shown(inner, path.substring(dot + 1)))
            .orElse(false);
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
