package io.hostmesh.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private static final Map<String, SortedSet<String>> KEYS =
      Map.of(
          "agent", keys("capture.backend", "log.level", "citadel.address"),
          "pilot", keys("mesh.mode", "log.level"),
          "citadel", keys("log.level", "listen"));

  private static SortedSet<String> keys(String... keys) {
    return new TreeSet<>(List.of(keys));
  }

  private static Map<String, List<String>> assign(List<String> settings) {
    return Settings.assign(settings, KEYS, Set.of());
  }

  @Test
  void aSettingGoesToEachDaemonThatKnowsIt() {
    assertThat(assign(List.of("log.level=debug", "mesh.mode = permissive")))
        .isEqualTo(
            Map.of(
                "agent", List.of("log.level=debug"),
                "pilot", List.of("log.level=debug", "mesh.mode = permissive"),
                "citadel", List.of("log.level=debug")));
  }

  @Test
  void aDaemonsNameInFrontMeansItAlone() {
    assertThat(assign(List.of("pilot.log.level=debug")))
        .containsEntry("pilot", List.of("log.level=debug"))
        .containsEntry("agent", List.of());
  }

  @Test
  void anotherDaemonsNameInAKeyIsNoPrefix() {
    assertThat(assign(List.of("citadel.address=\"h:1\"")))
        .containsEntry("agent", List.of("citadel.address=\"h:1\""))
        .containsEntry("citadel", List.of());
  }

  @Test
  void objectsAreTakenAsTheyAre() {
    assertThat(assign(List.of("capture { backend = nft }")))
        .containsEntry("agent", List.of("capture { backend = nft }"));
  }

  @Test
  void oneHostsAgentIsMeantByTheHostsNameOnly() {
    Map<String, SortedSet<String>> keys = new java.util.HashMap<>(KEYS);
    keys.put("h2", KEYS.get("agent"));
    Map<String, List<String>> assigned =
        Settings.assign(List.of("capture.backend=nft", "h2.log.level=debug"), keys, Set.of("h2"));
    assertThat(assigned)
        .containsEntry("agent", List.of("capture.backend=nft"))
        .containsEntry("h2", List.of("log.level=debug"))
        .containsEntry("pilot", List.of());
  }

  @Test
  void whatNobodyKnowsIsRefusedWithTheNearest() {
    assertThatThrownBy(() -> assign(List.of("capture.backnd=nft")))
        .hasMessage(
            "setting capture.backnd: no daemon knows this key; did you mean \"capture.backend\"?");
    assertThatThrownBy(() -> assign(List.of("nonsense")))
        .hasMessage("setting \"nonsense\" is not of the form key=value");
  }
}
