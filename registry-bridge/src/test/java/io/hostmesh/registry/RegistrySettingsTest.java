package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistrySettingsTest {
  private static RegistrySettings read(String text) {
    Section section = Section.parse("test.conf", text);
    RegistrySettings settings = RegistrySettings.read(section);
    section.end();
    return settings;
  }

  @Test
  void defaults() {
    RegistrySettings settings = read("");
    assertThat(settings).isEqualTo(RegistrySettings.at("127.0.0.1:8500"));
    assertThat(settings.url()).isEqualTo("http://127.0.0.1:8500");
    assertThat(settings.localAgent()).isEqualTo(RegistrySettings.LocalAgent.AUTO);
  }

  @Test
  void theTokenMayStandInAFileAndIsNeverShown(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "secret\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    RegistrySettings settings = read("token-file = \"" + file + "\"");
    assertThat(settings.token()).contains("secret");
    assertThat(settings.toString()).doesNotContain("secret");
  }

  @Test
  void refusals() {
    assertThatThrownBy(() -> read("address = consul"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("host:port");
    assertThatThrownBy(() -> read("address = \"consul:70000\"")).isInstanceOf(HoconException.class);
    assertThatThrownBy(() -> read("adress = \"consul:8500\""))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("address");
    assertThatThrownBy(() -> read("tls { cert-file = /x }"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("key-file");
  }

  @Test
  void anIndexThatGoesBackwardsBeginsAgain() {
    assertThat(BlockingQuery.next(0, 5)).isEqualTo(5);
    assertThat(BlockingQuery.next(5, 7)).isEqualTo(7);
    assertThat(BlockingQuery.next(7, 7)).isEqualTo(7);
    assertThat(BlockingQuery.next(7, 3)).isZero();
    assertThat(BlockingQuery.next(0, 0)).isEqualTo(1);
  }

  @Test
  void instanceIdsAreLabels() {
    assertThat(InstanceIds.of("web-1")).isEqualTo("web-1");
    assertThat(InstanceIds.of("Web_1"))
        .matches("i-[0-9a-f]{12}")
        .isEqualTo(InstanceIds.of("Web_1"));
    assertThat(InstanceIds.of("web", Map.of("hostmesh-instance", "a1"))).isEqualTo("a1");
    assertThat(InstanceIds.of("web", Map.of("hostmesh-instance", "A_1"))).isEqualTo("web");
  }
}
