package io.hostmesh.registry.testing;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Where the program is found or made. */
final class ConsulBinary {
  private static final long BUILD_MINUTES = 15;

  private ConsulBinary() {}

  static Optional<Path> onPath() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(path)
        .map(folder -> Path.of(folder, "consul"))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  /** Builds it, or finds what was built before. */
  static Path built() {
    Path script = script();
    try {
      Path errors = Files.createTempFile("hostmesh-consul-build", ".log");
      Process build = new ProcessBuilder(script.toString()).redirectError(errors.toFile()).start();
      build.getOutputStream().close();
      String output =
          new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      boolean ended = build.waitFor(BUILD_MINUTES, TimeUnit.MINUTES);
      String complaint = Files.readString(errors).strip();
      Files.delete(errors);
      if (!ended || build.exitValue() != 0) {
        build.destroyForcibly();
        throw noConsul(complaint.isEmpty() ? "the build did not end" : complaint);
      }
      return Path.of(output);
    } catch (IOException e) {
      throw noConsul(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw noConsul("interrupted");
    }
  }

  private static AssertionError noConsul(String reason) {
    return new AssertionError(
        "no real Consul to test against: "
            + reason
            + "\nPut consul on PATH, or pull hashicorp/consul:"
            + RealConsul.VERSION
            + " into a running Docker, or install Go so that tools/consul/build can build it;"
            + " or leave these tests out with ./verify --without-consul");
  }

  private static Path script() {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null) {
      Path script = folder.resolve("tools/consul/build");
      if (Files.isExecutable(script)) {
        return script;
      }
      folder = folder.getParent();
    }
    throw noConsul("tools/consul/build is not above " + Path.of("").toAbsolutePath());
  }
}
