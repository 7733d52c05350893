package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A certificate authority that knows nothing of the mesh: openssl, in a folder of its own. */
final class OutsideCa {
  /** What an intermediate needs beside what its request asks for. */
  static final String NAMES_ITS_ISSUER = "authorityKeyIdentifier=keyid\n";

  private final Path folder;
  private final String name;
  private int count;

  /** Makes a root. RSA is what companies have. */
  OutsideCa(Path folder, String name) throws Exception {
    this.folder = folder;
    this.name = name;
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 400 -keyout %s -out %s",
        List.of("-subj", "/O=Example/CN=" + name), key(), root());
  }

  static boolean isThere() {
    return Stream.of(
            Optional.ofNullable(System.getenv("PATH"))
                .orElse("")
                .split(java.io.File.pathSeparator, -1))
        .anyMatch(place -> Files.isExecutable(Path.of(place, "openssl")));
  }

  Path root() {
    return folder.resolve(name + ".pem");
  }

  private Path key() {
    return folder.resolve(name + ".key");
  }

  /** Signs what a request asks for, and names itself as the issuer. */
  String sign(String csr, int days) throws Exception {
    return sign(csr, days, NAMES_ITS_ISSUER, "-copy_extensions", "copyall");
  }

  /**
   * Signs.
   *
   * @param extensions as openssl writes them, one a line
   */
  String sign(String csr, int days, String extensions, String... more) throws Exception {
    String file = name + "-" + count++;
    Path request = Files.writeString(folder.resolve(file + ".csr"), csr);
    Path wanted = Files.writeString(folder.resolve(file + ".ext"), extensions);
    Path answer = folder.resolve(file + ".crt");
    openssl(
        "x509 -req -in %s -CA %s -CAkey %s -CAcreateserial -days " + days + " -extfile %s -out %s",
        List.of(more),
        request,
        root(),
        key(),
        wanted,
        answer);
    return Files.readString(answer);
  }

  /** A request for a key that is not citadel's. */
  String request() throws Exception {
    Path csr = folder.resolve("stranger.csr");
    openssl(
        "req -new -newkey rsa:2048 -nodes -keyout %s -out %s",
        List.of("-subj", "/CN=stranger"), folder.resolve("stranger.key"), csr);
    return Files.readString(csr);
  }

  /** An authority below this one, which may have so many below itself. */
  OutsideCa below(String other, int more) throws Exception {
    Path csr = folder.resolve(other + ".csr");
    OutsideCa lower = new OutsideCa(folder, other);
    openssl(
        "req -new -key %s -out %s", List.of("-subj", "/O=Example/CN=" + other), lower.key(), csr);
    Files.writeString(
        lower.root(),
        sign(
            Files.readString(csr),
            300,
            """
            basicConstraints=critical,CA:true,pathlen:%d
            keyUsage=critical,keyCertSign
            subjectKeyIdentifier=hash
            authorityKeyIdentifier=keyid
            """
                .formatted(more)));
    return lower;
  }

  private void openssl(String command, List<String> more, Path... files) throws Exception {
    List<String> words = new ArrayList<>(List.of("openssl"));
    int next = 0;
    for (String word : command.split(" ", -1)) {
      words.add(word.equals("%s") ? files[next++].toString() : word);
    }
    words.addAll(more);
    run(words);
  }

  private static void run(List<String> words) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s: %s", words, output).isZero();
  }
}
