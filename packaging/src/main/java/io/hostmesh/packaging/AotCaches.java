package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Ahead-of-time caches (JEP 514): classes as they are after loading and linking, and profiles, from
 * a training run of the programs themselves. They hold for exactly these jars and this runtime;
 * where they do not fit, the JVM goes without.
 *
 * @param training the configurations of the training run
 * @param work where the training run writes
 */
record AotCaches(Path dist, Path training, Path work) {

  /**
   * Makes the caches unless they are there and fit.
   *
   * @param jars each program's class path, names in {@code lib}
   */
  void make(Map<Program, List<String>> jars) throws IOException, InterruptedException {
    String madeOf = madeOf(jars);
    if (fit(madeOf)) {
      return;
    }
    long began = System.nanoTime();
    remove();
    Files.createDirectories(work);
    Files.createDirectories(dist.resolve("aot"));
    new TrainingMesh(dist, training, work).run();
    if (!allThere()) {
      throw new IllegalStateException(
          "the training run made no AOT cache; its logs are in " + work);
    }
    Files.writeString(mark(), madeOf);
    System.out.printf("AOT caches in %.1f s%n", (System.nanoTime() - began) / 1e9);
  }

  /**
   * For a build that makes none: takes away those of an earlier build unless they fit. The JVM
   * compares times and sizes only, and every build's jars have the same time.
   */
  void removeUnlessTheyFit(Map<Program, List<String>> jars) throws IOException {
    if (!fit(madeOf(jars))) {
      remove();
    }
  }

  private boolean fit(String madeOf) throws IOException {
    return Files.exists(mark()) && Files.readString(mark()).equals(madeOf) && allThere();
  }

  private void remove() throws IOException {
    Trees.delete(work);
    Trees.delete(dist.resolve("aot"));
  }

  private Path mark() {
    return work.resolve("made-of");
  }

  static Path cache(Path dist, Program program) {
    return dist.resolve("aot").resolve(program.command() + ".aot");
  }

  /** The helper has none: it starts once, and nobody waits for it. */
  private boolean allThere() {
    return Stream.of(Program.values())
        .filter(p -> p != Program.ATTESTD)
        .allMatch(p -> Files.exists(cache(dist, p)));
  }

  String madeOf(Map<Program, List<String>> jars) throws IOException {
    MessageDigest digest = sha256();
    digest.update(Files.readAllBytes(dist.resolve("runtime/release")));
    for (Program program : Program.values()) {
      digest.update(program.flags().toString().getBytes(StandardCharsets.UTF_8));
      Path config = training.resolve(program.command() + ".conf");
      if (Files.exists(config)) {
        digest.update(Files.readAllBytes(config));
      }
    }
    TreeSet<String> all = new TreeSet<>();
    jars.values().forEach(all::addAll);
    for (String jar : all) {
      digest.update(Files.readAllBytes(dist.resolve("lib").resolve(jar)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
