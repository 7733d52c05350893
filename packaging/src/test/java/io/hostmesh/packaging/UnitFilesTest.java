package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No unit gives its daemon more than it needs, nor a way to more. */
class UnitFilesTest {
  private static final Path UNITS = Path.of("src/main/systemd");

  private static final Map<String, String> CAPABILITIES =
      Map.of(
          "hostmesh-agent", "CAP_NET_ADMIN CAP_NET_RAW",
          "hostmesh-attestd", "CAP_SYS_PTRACE CAP_SYS_ADMIN",
          "hostmesh-pilot", "",
          "hostmesh-citadel", "",
          "hostmesh-registry", "");

  /** The settings of a unit; of those that are given several times, the last. */
  private static Map<String, String> settings(String daemon) throws IOException {
    try (Stream<String> lines = Files.lines(UNITS.resolve(daemon + ".service"))) {
      return lines
          .filter(line -> line.matches("[A-Za-z]+=.*"))
          .map(line -> line.split("=", 2))
          .collect(Collectors.toMap(line -> line[0], line -> line[1], (_, last) -> last));
    }
  }

  @Test
  void allServicesAreKnownHere() throws IOException {
    try (Stream<Path> files = Files.list(UNITS)) {
      assertThat(
              files
                  .map(file -> String.valueOf(file.getFileName()))
                  .filter(name -> name.endsWith(".service"))
                  .map(name -> name.replace(".service", "")))
          .containsExactlyInAnyOrderElementsOf(CAPABILITIES.keySet());
    }
  }

  @Test
  void eachDaemonHasAUserOfItsOwnWithTheCapabilitiesThatItNeeds() throws IOException {
    for (Map.Entry<String, String> daemon : CAPABILITIES.entrySet()) {
      Map<String, String> unit = settings(daemon.getKey());
      assertThat(unit)
          .as(daemon.getKey())
          .containsEntry("User", daemon.getKey())
          .containsEntry("Group", daemon.getKey())
          .containsEntry("CapabilityBoundingSet", daemon.getValue())
          .containsEntry("NoNewPrivileges", "yes")
          .containsEntry("ProtectSystem", "strict")
          .containsEntry("RestrictSUIDSGID", "yes")
          .containsEntry("UMask", "0077");
      assertThat(unit.getOrDefault("AmbientCapabilities", ""))
          .as(daemon.getKey())
          .isEqualTo(daemon.getValue());
      assertThat(unit.get("ExecStart")).as(daemon.getKey()).startsWith("/usr/lib/hostmesh-");
    }
  }
}
