package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Makes {@code packaging/target/dist}, the folder that {@code ./hostmesh}, the lab and the packages
 * run: {@code bin}, {@code lib}, {@code runtime} and {@code aot}.
 */
final class Assemble {
  private final Path root;
  private final String version;
  private final Instant time;

  private Assemble(Path root, String version, Instant time) {
    this.root = root;
    this.version = version;
    this.time = time;
  }

  /**
   * Arguments: the project's folder, its version, and the time that archives carry.
   *
   * @throws IOException where a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    new Assemble(Path.of(args[0]), args[1], Instant.parse(args[2])).run();
  }

  private void run() throws IOException {
    Path dist = root.resolve("packaging/target/dist");
    Files.createDirectories(dist);
    Map<Program, List<String>> jars = new Library(dist.resolve("lib"), time).fill(root, version);
    for (Program program : Program.values()) {
      Launcher.write(program, dist.resolve("bin"));
    }
    new JavaRuntime(dist.resolve("runtime"), time).link();
    System.out.println("Assembled " + dist);
    Path packaging = root.resolve("packaging");
    Staging staging =
        new Staging(
            packaging.resolve("src/main"),
            root.resolve("config"),
            dist,
            packaging.resolve("target/stage"),
            version);
    for (Product product : Product.values()) {
      staging.layOut(product, jars);
    }
  }
}
