package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Makes {@code packaging/target/dist}, the folder that {@code ./hostmesh}, the lab and the packages
 * run: {@code bin}, {@code lib}, {@code runtime} and {@code aot}; and the .rpm packages of it.
 */
final class Assemble {
  private final Path root;
  private final String version;
  private final Instant time;
  private final boolean caches;
  private final boolean packages;

  private Assemble(Path root, String version, Instant time, boolean caches, boolean packages) {
    this.root = root;
    this.version = version;
    this.time = time;
    this.caches = caches;
    this.packages = packages;
  }

  /**
   * Arguments: the project's folder, its version, the time that archives carry, whether to go
   * without AOT caches, and whether to leave it at the distribution.
   *
   * @throws IOException where a file cannot be read or written
   * @throws InterruptedException where the build is told to stop
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    new Assemble(
            Path.of(args[0]),
            args[1],
            Instant.parse(args[2]),
            !Boolean.parseBoolean(args[3]),
            !Boolean.parseBoolean(args[4]))
        .run();
  }

  private void run() throws IOException, InterruptedException {
    Path dist = root.resolve("packaging/target/dist");
    Files.createDirectories(dist);
    Map<Program, List<String>> jars = new Library(dist.resolve("lib"), time).fill(root, version);
    for (Program program : Program.values()) {
      Launcher.write(program, dist.resolve("bin"));
    }
    new JavaRuntime(dist.resolve("runtime"), time).link();
    Path packaging = root.resolve("packaging");
    Path target = packaging.resolve("target");
    AotCaches aot =
        new AotCaches(dist, packaging.resolve("src/main/training"), target.resolve("training"));
    if (caches) {
      aot.make(jars);
    } else {
      aot.removeUnlessTheyFit(jars);
    }
    System.out.println("Assembled " + dist);
    Staging staging =
        new Staging(
            packaging.resolve("src/main"),
            root.resolve("config"),
            dist,
            target.resolve("stage"),
            version);
    Rpm rpm = new Rpm(target.resolve("stage"), target, version, time);
    for (Product product : Product.values()) {
      staging.layOut(product, jars);
      if (packages) {
        rpm.write(product);
      }
    }
  }
}
