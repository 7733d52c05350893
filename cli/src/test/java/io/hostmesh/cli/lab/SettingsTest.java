package io.hostmesh.cli.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
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

  @Test
  void aSettingGoesToEachDaemonThatKnowsIt() {
    assertThat(Settings.assign(List.of("log.level=debug", "mesh.mode = permissive"), KEYS))
        .isEqualTo(
            Map.of(
                "agent", List.of("log.level=debug"),
                "pilot", List.of("log.level=debug", "mesh.mode = permissive"),
                "citadel", List.of("log.level=debug")));
  }

  @Test
  void aDaemonsNameInFrontMeansItAlone() {
    assertThat(Settings.assign(List.of("pilot.log.level=debug"), KEYS))
        .containsEntry("pilot", List.of("log.level=debug"))
        .containsEntry("agent", List.of());
  }

  @Test
  void anotherDaemonsNameInAKeyIsNoPrefix() {
    assertThat(Settings.assign(List.of("citadel.address=\"h:1\""), KEYS))
        .containsEntry("agent", List.of("citadel.address=\"h:1\""))
        .containsEntry("citadel", List.of());
  }

  @Test
  void objectsAreTakenAsTheyAre() {
    assertThat(Settings.assign(List.of("capture { backend = nft }"), KEYS))
        .containsEntry("agent", List.of("capture { backend = nft }"));
  }

  @Test
  void whatNobodyKnowsIsRefusedWithTheNearest() {
    assertThatThrownBy(() -> Settings.assign(List.of("capture.backnd=nft"), KEYS))
        .hasMessage(
            "setting capture.backnd: no daemon knows this key; did you mean \"capture.backend\"?");
    assertThatThrownBy(() -> Settings.assign(List.of("nonsense"), KEYS))
        .hasMessage("setting \"nonsense\" is not of the form key=value");
  }
}
