package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.testing.ReferenceConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
  @Test
  void theReferenceFileDescribesEveryKey() {
    ReferenceConfig.assertDescribes(Path.of("../config/agent.conf"), new AgentMain());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nod { name = h1 }                 | f.conf:1: nod: unknown key; did you mean \"node\"?",
        "node { nam = h1 }                 | f.conf:1: node.nam: unknown key; did you mean \"name\"?",
        "node { name = H1 }                | f.conf:1: node.name: service \"H1\" is not a name",
        "node { zone = eu-1 }              | f.conf:1: node.zone: is part of a region; set node.region",
        "node { region = \"eu west\" }      | f.conf:1: node.region: \"eu west\" is not a name",
        "node { address = web }            | f.conf:1: node.address:",
        "listen { mesh = 70000 }           | f.conf:1: listen.mesh: 70000 is not within 1 to 65535",
        "listen { mesh = 15001 }           | listen: port 15001 stands for two things",
        "listen { mesh = many }            | f.conf:1: listen.mesh: expected a whole number",
        "metrics { listen = 15020 }        | f.conf:1: metrics.listen: \"15020\" is not host:port",
        "pilot { address = pilot }         | f.conf:1: pilot.address: \"pilot\" is not host:port",
        "drain { limit = 30 }              | f.conf:1: drain.limit: 30 has no unit",
        "balance = fastest                 | f.conf:1: balance: \"fastest\" is not one of",
        "dns { upstreams = [ resolver ] }  | f.conf:1: dns.upstreams: \"resolver\" is not an IP address",
        "mesh { unknown-workload = node }  | f.conf:1: mesh.unknown-workload: \"node\" is not one of",
        "trust-domain = \"Bad Domain\"     | f.conf:1: trust-domain:",
      })
  void refusesWhatCannotBeUsed(String text, String message) {
    Section section = Section.parse("f.conf", text);
    assertThatThrownBy(
            () -> {
              AgentConfig.read(section);
              section.end();
            })
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message);
  }

  @Test
  void oneAddressStandsForAListOfOne() {
    AgentConfig one = read("pilot.address = \"a:1\"");
    AgentConfig two = read("pilot.address = [ \"a:1\", \"b:2\" ]");

    assertThat(one.pilots()).hasSize(1);
    assertThat(two.pilots()).hasSize(2);
  }

  @Test
  void theAdminSocketIsInTheRunDirectoryUnlessItIsNamed() {
    assertThat(read("run-dir = /x").folders().socket()).hasToString("/x/agent.sock");
    assertThat(read("admin.socket = /y.sock").folders().socket()).hasToString("/y.sock");
  }

  private static AgentConfig read(String text) {
    return AgentConfig.read(Section.parse("f.conf", text));
  }
}
