package io.hostmesh.cli.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;

/**
 * What the lab's daemons find on disk: folders and files with the owners and modes that they need.
 */
record LabFiles(LabFolder folder, List<LabHost> hosts, Uids uids, Entry entry) {

  /** Makes what has to be there before anything starts. */
  void prepare() throws IOException {
    try (var text = LabFiles.class.getResourceAsStream("enter.sh")) {
      Files.write(entry.script(), Objects.requireNonNull(text).readAllBytes());
    }
    for (String component : List.of("registry", "citadel", "pilot")) {
      Files.createDirectories(folder.state(component));
      restrict(folder.state(component));
    }
    entry.files().write(LabHost.HUB, uids.all());
    for (LabHost host : hosts) {
      entry.files().write(host, uids.all());
      Files.createDirectories(folder.servicesD(host.name()));
      for (Path own : List.of(folder.state(host.name()), folder.agentRun(host.name()))) {
        Files.createDirectories(own);
        chown(own);
      }
      restrict(folder.state(host.name()));
      Files.createFile(folder.accessLog(host.name()));
      chown(folder.accessLog(host.name()));
    }
  }

  private static void restrict(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
  }

  private void chown(Path path) throws IOException {
    Files.setAttribute(path, "unix:uid", uids.agent());
    Files.setAttribute(path, "unix:gid", uids.agent());
  }

  /**
   * Keeps a token, or a file with one, where only its daemon reads it.
   *
   * @param component pilot, or a host whose agent joins
   */
  void saveToken(String component, Path file, String token) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, token + "\n");
    if (hosts.stream().anyMatch(host -> host.name().equals(component))) {
      chown(file);
    }
  }
}
