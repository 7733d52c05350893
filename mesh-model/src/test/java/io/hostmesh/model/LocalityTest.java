package io.hostmesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LocalityTest {
  @Test
  void whatTheHostsAgentSaysCountsBeforeTheServicesOwnMetadata() {
    Map<String, String> own = Map.of("region", "eu", "zone", "eu-1");
    assertThat(Locality.of(own)).hasToString("eu/eu-1");
    assertThat(Locality.of(Map.of("region", "eu", "zone", "eu-1", "hostmesh-region", "us")))
        .as("no zone of another region")
        .isEqualTo(new Locality("us", ""));
  }

  @Test
  void aZoneWithoutARegionSaysNothing() {
    assertThat(Locality.of(Map.of("zone", "z1"))).isEqualTo(Locality.NONE);
    assertThat(Locality.NONE.isKnown()).isFalse();
    assertThatThrownBy(() -> new Locality("", "z1")).hasMessageContaining("z1");
  }

  @Test
  void namesAreThoseOfClouds() {
    for (String name : new String[] {"eu-west-1a", "westeurope", "1", "rack_7.b"}) {
      assertThat(Locality.name(name)).isEqualTo(name);
    }
    for (String name : new String[] {"", "eu west", "eu/1", "-a", "a".repeat(64)}) {
      assertThatThrownBy(() -> Locality.name(name)).hasMessageContaining("is not a name");
    }
  }
}
