package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Ahead-of-time caches (JEP 514): classes as they are after loading and linking, and profiles, from
 * a training run of the program itself. They hold for exactly these jars and this runtime; where
 * they do not fit, the JVM goes without.
 *
 * @param training the configurations of the training runs
 * @param work where training runs write
 */
record AotCache(Path dist, Path training, Path work) {
  private static final int START_SECONDS = 30;
  private static final int END_SECONDS = 120;

  /**
   * Makes the program's cache unless it is there and fits.
   *
   * @param jars the program's class path, names in {@code lib}
   */
  void make(Program program, List<String> jars) throws IOException, InterruptedException {
    Path cache = dist.resolve("aot").resolve(program.command() + ".aot");
    Path mark = work.resolve(program.command() + ".made-of");
    String madeOf = madeOf(program, jars);
    if (Files.exists(cache) && Files.exists(mark) && Files.readString(mark).equals(madeOf)) {
      return;
    }
    Files.createDirectories(cache.getParent());
    Files.deleteIfExists(cache);
    Path folder = work.resolve(program.command());
    Trees.delete(folder);
    Files.createDirectories(folder);
    Path fresh = folder.resolve("fresh.aot");
    long began = System.nanoTime();
    train(program, folder, fresh);
    if (!Files.exists(fresh)) {
      throw new IllegalStateException(
          "no AOT cache of " + program.command() + ":\n" + Files.readString(log(folder)));
    }
    Files.move(fresh, cache, StandardCopyOption.ATOMIC_MOVE);
    Files.writeString(mark, madeOf);
    System.out.printf(
        "AOT cache of %s: %d MB in %.1f s%n",
        program.command(), Files.size(cache) >> 20, (System.nanoTime() - began) / 1e9);
  }

  private void train(Program program, Path folder, Path output)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command(program, output))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(log(folder).toFile())
            .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (process.isAlive() && !runs(folder) && System.nanoTime() < deadline) {
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    process.destroy();
    if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private List<String> command(Program program, Path output) {
    List<String> command = new ArrayList<>();
    command.add(dist.resolve("runtime/bin/java").toString());
    command.addAll(program.flags());
    command.add("-XX:AOTCacheOutput=" + output);
    command.add("-cp");
    command.add(dist.resolve("lib").resolve(program.command() + ".jar").toString());
    command.add(program.mainClass());
    Path config = training.resolve(program.command() + ".conf");
    command.addAll(
        Files.exists(config) ? List.of("--config", config.toString()) : List.of("--help"));
    return command;
  }

  /** Whether a daemon has said that it runs: the first line of its life that says so. */
  private static boolean runs(Path folder) throws IOException {
    return Files.exists(log(folder))
        && Files.readString(log(folder)).lines().anyMatch(line -> line.endsWith(" runs"));
  }

  private static Path log(Path folder) {
    return folder.resolve("training.log");
  }

  private String madeOf(Program program, List<String> jars) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(Files.readAllBytes(dist.resolve("runtime/release")));
      digest.update(program.flags().toString().getBytes(StandardCharsets.UTF_8));
      Path config = training.resolve(program.command() + ".conf");
      if (Files.exists(config)) {
        digest.update(Files.readAllBytes(config));
      }
      for (String jar : jars) {
        digest.update(jar.getBytes(StandardCharsets.UTF_8));
        digest.update(Files.readAllBytes(dist.resolve("lib").resolve(jar)));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
