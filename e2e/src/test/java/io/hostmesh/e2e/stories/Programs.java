package io.hostmesh.e2e.stories;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The small programs that stories use beside unmodified ones. */
final class Programs {
  private Programs() {}

  /** A script of the stories, in a folder that every user can read. */
  static Path script(String name) {
    try (InputStream in = Objects.requireNonNull(Programs.class.getResourceAsStream(name), name)) {
      Path folder = Files.createDirectories(Path.of("/tmp/hostmesh-e2e"));
      Path file = folder.resolve(name);
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts an HTTP service that answers with what it saw, its name in front. */
  static void echo(Lab lab, String host, String service, int port, String says, String... options)
      throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--copy", script("echo.py").toString()));
    lab.run(host, service, port, "http", all, "python3", "echo.py", Integer.toString(port), says)
        .ok();
  }
}
