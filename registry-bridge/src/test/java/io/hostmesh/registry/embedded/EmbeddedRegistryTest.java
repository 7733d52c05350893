package io.hostmesh.registry.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.Registry;
import io.hostmesh.registry.RegistrySettings;
import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.testing.ReferenceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedRegistryTest {
  @TempDir Path folder;

  private static Registry connect(EmbeddedUnderTest registry) {
    return Registry.connect(RegistrySettings.at(registry.address()), RandomGenerator.getDefault());
  }

  @Test
  void keepsItsStateOverARestart() throws Exception {
    EmbeddedSettings settings = EmbeddedSettings.ephemeral().withDataDir(folder.resolve("data"));
    try (EmbeddedUnderTest registry = EmbeddedUnderTest.start(settings);
        Registry client = connect(registry)) {
      for (int i = 0; i < 20; i++) {
        client.keyValue().put("key/" + i, ("" + i).getBytes(UTF_8)).get(5, TimeUnit.SECONDS);
      }
      var before = client.keyValue().list("key/").get(5, TimeUnit.SECONDS);
      registry.stop();
      registry.startEmpty(); // Its disk is not.
      assertThat(client.keyValue().list("key/").get(5, TimeUnit.SECONDS)).isEqualTo(before);
      assertThat(before).hasSize(20);
    }
  }

  @Test
  void aBrokenStateIsRefusedAndLeftAsItIs() throws Exception {
    Files.writeString(folder.resolve("registry.json"), "{\"format\": 99}");
    EmbeddedSettings settings = EmbeddedSettings.ephemeral().withDataDir(folder);
    assertThatThrownBy(() -> EmbeddedUnderTest.start(settings))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(folder.resolve("registry.json").toString())
        .hasMessageContaining("format");
    assertThat(folder.resolve("registry.json")).hasContent("{\"format\": 99}");
  }

  @Test
  void anAddressInUseIsSaid() {
    try (EmbeddedUnderTest first = EmbeddedUnderTest.start()) {
      int port = Integer.parseInt(first.address().replaceFirst(".*:", ""));
      assertThatThrownBy(() -> EmbeddedUnderTest.start(EmbeddedSettings.ephemeral().withPort(port)))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("listen = 127.0.0.1:" + port)
          .hasMessageContaining("another registry");
    }
  }

  @Test
  void theReferenceFileIsWhatTheCodeReads() {
    ReferenceConfig.assertDescribes(Path.of("../config/registry.conf"), new RegistryMain());
  }

  @Test
  void aWrongAddressIsRefusedWithItsLine() {
    Section section = Section.parse("registry.conf", "# one\nlisten = nonsense\n");
    assertThatThrownBy(() -> EmbeddedSettings.read(section))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("registry.conf")
        .hasMessageContaining("2")
        .hasMessageContaining("listen");
  }
}
