package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.HostPort;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CitadelSettingsTest {
  private static CitadelSettings read(String text) {
    return CitadelSettings.read(Section.parse("conf", text, List.of()));
  }

  @Test
  void hasDefaults() {
    CitadelSettings settings = read("");
    assertThat(settings.addresses()).containsExactly(new HostPort("127.0.0.1", 15010));
    assertThat(settings.token()).isEmpty();
  }

  @Test
  void takesSeveralAddressesAndNeverShowsTheToken() {
    CitadelSettings settings =
        read("address = [ \"a.example:1\", \"[2001:db8::1]:2\" ], token = abc");
    assertThat(settings.addresses())
        .containsExactly(new HostPort("a.example", 1), new HostPort("2001:db8::1", 2));
    assertThat(settings.toString()).doesNotContain("abc").contains("[2001:db8::1]:2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "address = nowhere | is not host:port",
        "address = \"a:0\" | port 0 cannot be called",
        "address = \"a:99999\" | not within 0 to 65535",
        "token = a, token-file = b | keep one of them",
        "timeout = 1ms | shorter than 100ms",
      })
  void refusesWhatCannotBe(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }
}
