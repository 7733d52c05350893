package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.testing.ReferenceConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CitadelConfigTest {
  @Test
  void theReferenceSaysWhatTheCodeReads() {
    ReferenceConfig.assertDescribes(Path.of("../config/citadel.conf"), new CitadelMain());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "listen = nowhere | conf:1: listen",
        "lifetime.service = 1s | lifetime.service: is shorter than 10s",
        "lifetime.services { web = 400d } | lifetime.services.web: must be shorter than",
        "lifetime.services { web = 1s } | lifetime.services.web: is shorter than 10s",
        "lifetime.services { Web = 1h } | lifetime.services.Web:",
        "lifetime.services { web = 1h, \"default/web\" = 2h } | the service web stands here twice",
        "ca.source = csr | ca.root-file: is required where ca.source is csr",
        "ca.root-file = r.pem | with ca.source = built-in citadel makes the root",
        "ca.source = vault, ca.root-file = r | ca.vault.address: is required where ca.source is vault",
        "ca.vault.address = vault | is not a URL such as https://",
        "ca.vault.timeout = 2m | is within 1ms to 1m",
        "ca.curve = ed25519 | ca.curve",
        "lifetime.node = 400d | must be shorter than lifetime.intermediate",
        "lifetime.node = 10 | has no unit",
        "trust-domain = Big | not a domain name of lower-case labels",
        "key.crate = true | did you mean \"create\"?",
      })
  void refusesWhatCannotBe(String text, String message) {
    assertThatThrownBy(
            () -> {
              Section section = Section.parse("conf", text, List.of());
              CitadelConfig config = CitadelConfig.read(section);
              section.end();
              assertThat(config).isNull();
            })
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }
}
