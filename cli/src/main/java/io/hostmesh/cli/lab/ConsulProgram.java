package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds a real Consul: on the PATH, or where {@code tools/consul/build} puts the one it builds. */
final class ConsulProgram {
  private static final String BUILT = "consul-1.22.3/consul";

  private ConsulProgram() {}

  /**
   * @throws UserError where there is none
   */
  static Path find() {
    List<Path> places = new ArrayList<>();
    for (String folder : env("PATH").split(":", -1)) {
      if (!folder.isEmpty()) {
        places.add(Path.of(folder, "consul"));
      }
    }
    if (!env("HOSTMESH_CACHE").isEmpty()) {
      places.add(Path.of(env("HOSTMESH_CACHE"), BUILT));
    }
    if (!env("XDG_CACHE_HOME").isEmpty()) {
      places.add(Path.of(env("XDG_CACHE_HOME"), "hostmesh", BUILT));
    }
    for (String home : List.of(env("HOME"), "/root", "/home/" + env("SUDO_USER"))) {
      if (home.startsWith("/")) {
        places.add(Path.of(home, ".cache/hostmesh", BUILT));
      }
    }
    return places.stream()
        .filter(place -> Files.isRegularFile(place) && Files.isExecutable(place))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "--registry consul needs a consul program and there is none on PATH; install"
                        + " Consul, or build it once with tools/consul/build (needs Go)"));
  }

  private static String env(String name) {
    return String.valueOf(System.getenv().getOrDefault(name, ""));
  }
}
