package io.hostmesh.pilot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.testing.ReferenceConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PilotConfigTest {
  private static PilotConfig read(String text) {
    Section section = Section.parse("pilot.conf", text);
    PilotConfig config = PilotConfig.read(section);
    section.end();
    return config;
  }

  @Test
  void theReferenceFileIsWhatTheCodeReads() {
    ReferenceConfig.assertDescribes(Path.of("../config/pilot.conf"), new PilotMain());
  }

  @Test
  void theMeshTakesTheRegistrysDatacenter() {
    assertThat(read("registry.datacenter = east").mesh().datacenter()).isEqualTo("east");
    assertThat(read("registry.datacenter = east, mesh.datacenter = d").mesh().datacenter())
        .isEqualTo("d");
    assertThat(read("mesh { mode = strict, default-access = deny }").mesh())
        .satisfies(
            mesh -> {
              assertThat(mesh.strict()).isTrue();
              assertThat(mesh.defaultAllow()).isFalse();
            });
  }

  @Test
  void mistakesAreNamedWithTheirPlace() {
    refused("mesh.mod = strict", "pilot.conf:1: mesh.mod: unknown key; did you mean \"mode\"?");
    refused("\nlisten = \"x:99999\"", "pilot.conf:2: listen: port 99999");
    refused("mesh.mode = lax", "mesh.mode: \"lax\" is not one of permissive, strict");
    refused("virtual-addresses.ipv4 = \"241.0.0.0\"", "is not a range");
    refused("virtual-addresses.ipv4 = \"fd00::/64\"", "is not an IPv4 range");
    refused("guard.percent = 0", "guard.percent");
    refused("virtual-addresses.rest = 5", "has no unit");
  }

  private static void refused(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }
}
