package io.hostmesh.model.hocon;

import com.typesafe.config.ConfigOrigin;

/**
 * Where a value stands.
 *
 * @param file the file's name as the user gave it
 * @param line from 1; 0 where it is not known
 * @param key the path of keys from the document's root, for instance {@code rules[1].to[0].subset}
 */
public record Origin(String file, int line, String key) {
  static Origin of(ConfigOrigin origin, String file, String key) {
    return new Origin(file, Math.max(origin.lineNumber(), 0), key);
  }

  /** {@code file:line: key}, each part where it is known. */
  @Override
  public String toString() {
    String place = line > 0 ? file + ":" + line : file;
    return key.isEmpty() ? place : place + ": " + key;
  }
}
