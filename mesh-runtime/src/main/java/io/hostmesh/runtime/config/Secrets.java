package io.hostmesh.runtime.config;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.Optional;
import java.util.Set;

/** Keys of a configuration whose values are secrets. Pure. */
final class Secrets {
  private static final Set<String> KEYS = Set.of("token", "passphrase", "password", "secret");

  private Secrets() {}

  /** The path of the first key with a secret; empty where there is none. */
  static Optional<String> find(Section section) {
    for (String key : section.keys()) {
      Optional<String> below =
          KEYS.contains(key) && !isObject(section, key)
              ? Optional.of(key)
              : section(section, key).flatMap(Secrets::find).map(path -> key + "." + path);
      if (below.isPresent()) {
        return below;
      }
    }
    return Optional.empty();
  }

  private static boolean isObject(Section section, String key) {
    return section(section, key).isPresent();
  }

  private static Optional<Section> section(Section section, String key) {
    try {
      return section.optionalSection(key);
    } catch (HoconException e) {
      return Optional.empty();
    }
  }
}
