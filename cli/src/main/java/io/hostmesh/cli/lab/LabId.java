package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The short name of a lab, which follows from its folder alone: what a crashed lab left behind can
 * be found by whoever knows the folder.
 *
 * @param text six hexadecimal digits
 */
record LabId(String text) {
  /** The id of the lab in this folder; the folder need not exist. */
  static LabId of(Path folder) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(folder.toString().getBytes(StandardCharsets.UTF_8));
      return new LabId(HexFormat.of().formatHex(digest, 0, 3));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** A folder as ids are made of it: absolute, links followed as far as it exists. */
  static Path canonical(Path folder) {
    Path absolute = folder.toAbsolutePath().normalize();
    try {
      Path existing = absolute;
      while (existing != null && !java.nio.file.Files.exists(existing)) {
        existing = existing.getParent();
      }
      return existing == null
          ? absolute
          : existing.toRealPath().resolve(existing.relativize(absolute)).normalize();
    } catch (IOException e) {
      throw new UserError(folder + ": cannot be reached: " + e.getMessage(), e);
    }
  }

  /** The prefix of all its network namespaces. */
  String prefix() {
    return "hm-" + text + "-";
  }

  /** The network namespace of a host, or of {@link LabHost#HUB}. */
  String namespace(String host) {
    return prefix() + host;
  }

  /** The name of its control group under the cgroup2 mount. */
  String cgroup() {
    return "hostmesh-lab-" + text;
  }

  /** The first of the lab's hundred uids: above what systemd gives out, below subordinate ids. */
  int firstUid() {
    return 66_000 + Integer.parseInt(text, 16) % 300 * 100;
  }
}
