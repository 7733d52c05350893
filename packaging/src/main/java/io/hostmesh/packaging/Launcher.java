package io.hostmesh.packaging;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/** The shell script that starts a program, from the template {@code launcher.sh}. */
final class Launcher {
  private Launcher() {}

  static void write(Program program, Path bin) throws IOException {
    Files.createDirectories(bin);
    Path file = bin.resolve(program.command());
    Files.writeString(file, text(program));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  static String text(Program program) throws IOException {
    try (InputStream template =
        Objects.requireNonNull(Launcher.class.getResourceAsStream("launcher.sh"))) {
      return new String(template.readAllBytes(), StandardCharsets.UTF_8)
          .replace("@command@", program.command())
          .replace("@main@", program.mainClass())
          .replace("@flags@", String.join(" \\\n  ", program.flags()));
    }
  }
}
