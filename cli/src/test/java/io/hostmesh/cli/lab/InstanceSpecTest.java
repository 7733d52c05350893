package io.hostmesh.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InstanceSpecTest {
  @Test
  void theDefinitionHasAllMetadata() {
    Map<String, String> meta = Map.of("version", "v2", "weight", "3", "a \"b\"", "c = d");
    InstanceSpec spec =
        new InstanceSpec(
            "h1",
            ServiceName.of("web"),
            8080,
            Optional.empty(),
            Protocol.HTTP,
            meta,
            "tcp",
            List.of("true"),
            Map.of(),
            Optional.empty(),
            List.of());
    Section service =
        Section.parse("web.conf", spec.definition("/group", Optional.empty())).section("service");
    assertThat(service.stringMap("meta")).isEqualTo(meta);
  }
}
