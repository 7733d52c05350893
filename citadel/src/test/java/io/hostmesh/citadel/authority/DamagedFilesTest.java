package io.hostmesh.citadel.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An authority whose files are not what they were does not start, says which one it is in one line,
 * and leaves all of them as they are: they may be what a backup cannot bring back.
 */
class DamagedFilesTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path folder;
  private Path state;

  @BeforeEach
  void begin() throws Exception {
    state = folder.resolve("state");
    var _ = open();
  }

  private Authority open() throws IOException {
    return open(state);
  }

  private Authority open(Path where) throws IOException {
    return Authority.open(
        "hostmesh.local",
        Lifetimes.DEFAULT,
        new AuthorityFiles(
            new StateFiles(where), Passphrase.read(folder.resolve("phrase"), true, RANDOM), RANDOM),
        Clock.systemUTC(),
        RANDOM);
  }

  private Map<String, String> content() throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.list(state)) {
      for (Path file : files.toList()) {
        content.put(
            String.valueOf(file.getFileName()),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return content;
  }

  private void refused(String name, String... why) throws IOException {
    Map<String, String> before = content();
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(state.resolve(name) + ": ")
        .extracting(Throwable::getMessage)
        .satisfies(
            message -> {
              assertThat(message.lines()).hasSize(1);
              assertThat(List.of(why)).allMatch(message::contains);
            });
    assertThat(content()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"root.crt", "root.key", "intermediate.pem"})
  void whatIsEmptyCutOrNonsenseIsNamed(String name) throws Exception {
    byte[] good = Files.readAllBytes(state.resolve(name));
    for (byte[] bad :
        new byte[][] {
          new byte[0],
          Arrays.copyOf(good, good.length / 2),
          Arrays.copyOf(good, good.length - 40),
          "nonsense\n".getBytes(StandardCharsets.UTF_8),
          new byte[4096],
          changed(good),
        }) {
      Files.write(state.resolve(name), bad);
      refused(name);
    }
    Files.write(state.resolve(name), good);
    assertThat(open().state().version()).isZero();
  }

  /** Another letter in the last line of what base64 says. */
  private static byte[] changed(byte[] pem) {
    byte[] changed = pem.clone();
    int at = new String(pem, StandardCharsets.US_ASCII).indexOf("\n-----END") - 10;
    changed[at] = (byte) (changed[at] == 'A' ? 'B' : 'A');
    return changed;
  }

  @Test
  void theRootsCertificateThatIsGoneIsNotMadeAnew() throws Exception {
    Files.delete(state.resolve("root.crt"));
    refused("root.crt", "is missing, but root.key is there", "restore it from a backup");
    Files.move(state.resolve("root.key"), folder.resolve("offline.key"));
    refused("root.crt", "is missing, but intermediate.pem is there");
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws Exception {
    Path other = folder.resolve("other");
    var _ = open(other);
    Files.copy(
        other.resolve("root.key"),
        state.resolve("root.key"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING,
        java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
    refused("root.key", "its key is not that of its certificate");
  }

  @Test
  void anIntermediateOfAnotherRootIsRefused() throws Exception {
    Path other = folder.resolve("other");
    var _ = open(other);
    Files.write(
        state.resolve("intermediate.pem"), Files.readAllBytes(other.resolve("intermediate.pem")));
    refused("intermediate.pem", "is not signed by a root of hostmesh.local");
  }

  @Test
  void anotherRootThanThatOfTheIntermediateIsRefused() throws Exception {
    Path other = folder.resolve("other");
    var _ = open(other);
    for (String name : new String[] {"root.crt", "root.key"}) {
      Files.write(state.resolve(name), Files.readAllBytes(other.resolve(name)));
    }
    refused("intermediate.pem", "is not signed by a root of hostmesh.local");
  }

  @Test
  void aKeyThatIsNotEncryptedIsRefused() throws Exception {
    Files.writeString(state.resolve("root.key"), Pem.encode(KeyPairs.generate().getPrivate()));
    refused("root.key", "the key cannot be opened");
  }

  @ParameterizedTest
  @ValueSource(strings = {"root.key", "intermediate.pem"})
  void keysThatOthersMayReadAreRefused(String name) throws Exception {
    for (String mode : new String[] {"rw-r-----", "rw----r--", "rw-rw----"}) {
      Files.setPosixFilePermissions(state.resolve(name), PosixFilePermissions.fromString(mode));
      refused(name, "is open to other users", "chmod 600");
    }
  }

  @Test
  void statementsThatWereChangedAreRefused() throws Exception {
    Authority authority = open();
    RootState following = authority.prepareRoot();
    authority.adopt(
        following, authority.statement(following, authority.state().signingRoot(), "test"));
    byte[] good = Files.readAllBytes(state.resolve("roots.pb"));

    for (byte[] bad :
        new byte[][] {
          new byte[0],
          Arrays.copyOf(good, good.length / 2),
          "nonsense".getBytes(StandardCharsets.UTF_8),
          flipped(good, good.length / 3),
          flipped(good, good.length - 5),
        }) {
      Files.write(state.resolve("roots.pb"), bad);
      refused("roots.pb");
    }
    Files.write(state.resolve("roots.pb"), good);
    assertThat(open().state().version()).isEqualTo(1);
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= 1;
    return flipped;
  }
}
