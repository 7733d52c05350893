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
