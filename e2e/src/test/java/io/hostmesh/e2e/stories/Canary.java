package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A lab's secrets, and where they must not be. */
final class Canary {
  private static final int SHORTEST = 16;

  private Canary() {}

  /**
   * Looks for every token, passphrase and private key of the lab in its logs, its audit logs and
   * ledger, and in the command lines and environments of all processes.
   */
  static void secretsAreSeenNowhere(Lab lab) throws IOException {
    Map<String, Path> secrets = secrets(lab.dir().resolve("state"));
    assertThat(secrets).as("the lab has secrets").hasSizeGreaterThan(3);
    List<Path> places = new ArrayList<>(files(lab.dir().resolve("log")));
    files(lab.dir().resolve("state")).stream()
        .filter(file -> file.toString().matches(".*(audit.log.*|jsonl)"))
        .forEach(places::add);
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      processes
          .filter(folder -> folder.toString().matches("/proc/[0-9]+"))
          .flatMap(folder -> Stream.of(folder.resolve("cmdline"), folder.resolve("environ")))
          .forEach(places::add);
    }
    places.forEach(place -> isFree(place, secrets));
  }

  /** What is below a folder in which daemons make and remove files meanwhile. */
  private static List<Path> files(Path folder) throws IOException {
    return Lab.run("", List.of("find", folder.toString(), "-type", "f")).lines().stream()
        .filter(line -> line.startsWith("/"))
        .map(Path::of)
        .toList();
  }

  private static void isFree(Path file, Map<String, Path> secrets) {
    String content;
    try {
      content = Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return; // The process has ended.
    }
    secrets.forEach(
        (secret, from) ->
            assertThat(content.contains(secret)).as(file + " has the secret of " + from).isFalse());
  }

  private static Map<String, Path> secrets(Path state) throws IOException {
    Map<String, Path> secrets = new TreeMap<>();
    for (Path file : files(state)) {
      String name = file.getFileName().toString();
      if (name.endsWith(".token") || name.equals("passphrase")) {
        secrets.put(secret(Files.readString(file).strip()), file);
      } else if (name.endsWith(".key")) {
        Files.readAllLines(file).stream()
            .filter(line -> line.length() >= 64 && !line.startsWith("-"))
            .skip(1) // The first line of every P-256 key begins alike.
            .findFirst()
            .ifPresent(line -> secrets.put(line, file));
      }
    }
    assertThat(secrets.keySet()).allMatch(secret -> secret.length() >= SHORTEST);
    return secrets;
  }

  /** Of a join token, the part between its public id and the root's fingerprint. */
  private static String secret(String token) {
    String[] parts = token.split("\\.", -1);
    return parts.length == 3 ? parts[1] : token;
  }
}
