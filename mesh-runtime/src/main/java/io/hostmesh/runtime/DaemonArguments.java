package io.hostmesh.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon's command line asks for.
 *
 * @param config empty for the default file
 * @param settings laid over the file, as {@code --set} gives them
 * @param check whether to judge the configuration and end
 */
record DaemonArguments(Optional<Path> config, List<String> settings, boolean check) {
  DaemonArguments {
    settings = List.copyOf(settings);
  }

  /**
   * Reads the arguments that daemons are started with by units and by the lab. All else (help,
   * commands, mistakes) is the command line library's, whose loading takes a sixth of a start.
   *
   * @return empty where an argument is none of these, or would have to be judged
   */
  static Optional<DaemonArguments> plain(String... args) {
    @Nullable String config = null;
    List<String> settings = new ArrayList<>();
    boolean check = false;
    for (int i = 0; i < args.length; i++) {
      String name = args[i].replaceFirst("=.*", "");
      if (name.equals("--check") && name.equals(args[i])) {
        check = true;
        continue;
      }
      boolean inside = name.length() < args[i].length();
      if (!inside && i + 1 == args.length) {
        return Optional.empty();
      }
      String value = inside ? args[i].substring(name.length() + 1) : args[++i];
      if (value.isEmpty() || value.startsWith("-") || value.startsWith("@")) {
        return Optional.empty();
      }
      if (name.equals("--set")) {
        settings.add(value);
      } else if (name.equals("--config") && config == null) {
        config = value;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(
        new DaemonArguments(Optional.ofNullable(config).map(Path::of), settings, check));
  }
}
