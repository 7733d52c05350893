package io.hostmesh.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.SecretFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets are in files that only their reader can read, and nowhere else. */
class SecretsTest {
  private static final String SECRET = "hm1-canary";

  @TempDir Path folder;

  private String read(String text, String mode, String... overrides) throws IOException {
    Path file = Files.writeString(folder.resolve("a.conf"), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return ConfigFile.read(
        file,
        List.of(overrides),
        section -> {
          Section citadel = section.section("citadel");
          return citadel.string("token", "") + citadel.string("token-file", "");
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "citadel.token = hm1-canary",
        "citadel { token = hm1-canary }",
        "citadel.token=\"hm1-canary\", citadel.token-file = x"
      })
  void aSecretOnTheCommandLineIsRefusedAndNotRepeated(String override) {
    assertThatThrownBy(() -> read("", "rw-r--r--", override))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("citadel.token-file=FILE")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void aFileWithASecretIsForItsReadersOnly() throws IOException {
    assertThat(read("citadel.token = hm1-canary", "rw-r-----")).isEqualTo(SECRET);
    assertThat(read("citadel.token-file = x", "rw-r--r--")).isEqualTo("x");
    assertThat(read("", "rw-r--r--", "citadel.token-file = x")).isEqualTo("x");
    assertThatThrownBy(() -> read("citadel.token = hm1-canary", "rw-r--r--"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("a.conf: holds a secret and has mode rw-r--r--")
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void aTokensFileOpenToAllIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("join.token"), SECRET);
    for (String mode : List.of("rw-r--r--", "rw-rw----", "rw----r--")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertThatThrownBy(() -> SecretFile.read(file)).as(mode).hasMessageContaining(mode);
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatCode(() -> SecretFile.read(file)).doesNotThrowAnyException();
  }
}
