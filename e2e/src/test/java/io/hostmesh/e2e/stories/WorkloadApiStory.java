package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Applications fetch identities of their own, by the standard's public Java client. */
class WorkloadApiStory {
  /** What java-spiffe needs, of all that stories have. */
  private static final String LIBRARIES =
      "(java-spiffe|grpc-|protobuf-java|proto-google|nimbus|commons-|guava|failureaccess|perfmark).*";

  private static Lab lab = Lab.named("workload-api");

  @BeforeAll
  static void up() throws IOException {
    lab = Lab.up("workload-api", "--hosts", "1");
    lab.hostmesh("node", "allow", "h1", "teller").ok();
  }

  @AfterAll
  static void down() throws IOException {
    lab.close();
  }

  /** A shell line that runs the client, from a folder that every user can read. */
  private static String client() throws IOException {
    Path folder = Files.createDirectories(Path.of("/tmp/hostmesh-e2e/spiffe"));
    List<String> classPath = new ArrayList<>(List.of(folder.toString()));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      String name = String.valueOf(Path.of(entry).getFileName());
      if (name.matches(LIBRARIES)) {
        Files.copy(Path.of(entry), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        classPath.add(folder.resolve(name).toString());
      }
    }
    String file = SpiffeClient.class.getName().replace('.', '/') + ".class";
    Path copy = folder.resolve(file);
    Files.createDirectories(copy.getParent());
    try (var in =
        Objects.requireNonNull(SpiffeClient.class.getClassLoader().getResourceAsStream(file))) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return "SPIFFE_ENDPOINT_SOCKET=unix:"
        + lab.dir().resolve("run/h1/workload.sock")
        + " '"
        + Path.of(System.getProperty("java.home"), "bin", "java")
        + "' -XX:TieredStopAtLevel=1 -cp '"
        + String.join(File.pathSeparator, classPath)
        + "' "
        + SpiffeClient.class.getName();
  }

  @Test
  void aServiceGetsItsOwnCertificateAndTokensAndAProcessOfNoServiceNone() throws IOException {
    String id = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/teller";

    assertThat(lab.as("teller", "h1", client()).ok().lines())
        .contains(
            "id " + id,
            "bundles [hostmesh.local] 1",
            "token of " + id + " for [billing]",
            "proves " + id,
            "judged " + id);
    Lab.Result nobody = lab.on("h1", client());
    assertThat(nobody.status()).isEqualTo(1);
    assertThat(nobody.out()).contains("PERMISSION_DENIED", "belongs to no service");
  }
}
