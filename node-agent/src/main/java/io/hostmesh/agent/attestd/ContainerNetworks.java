package io.hostmesh.agent.attestd;

import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ContainerGroups;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The networks that containers have of their own, by their control groups. Blocks. */
final class ContainerNetworks {
  private static final int MOST = 512;

  private final CgroupTree cgroups;
  private final ProcFs proc;

  ContainerNetworks(CgroupTree cgroups, ProcFs proc) {
    this.cgroups = cgroups;
    this.proc = proc;
  }

  /** A file of proc(5) for each, by which it can be entered; not that of this host. */
  List<Path> all() {
    Map<Object, Path> byNumber = new LinkedHashMap<>();
    try (Stream<Path> groups = Files.walk(cgroups.root(), 6)) {
      groups
          .filter(Files::isDirectory)
          .filter(group -> ContainerGroups.id("/" + cgroups.root().relativize(group)).isPresent())
          .limit(MOST)
          .forEach(group -> add(group, byNumber));
    } catch (IOException | UncheckedIOException e) {
      return List.copyOf(byNumber.values()); // Groups come and go while we walk.
    }
    return List.copyOf(byNumber.values());
  }

  private void add(Path group, Map<Object, Path> byNumber) {
    Optional<Object> own = number(Path.of("/proc/self/ns/net"));
    for (int pid : ProcFs.members(group)) {
      Path network = proc.networkNamespace(pid);
      Optional<Object> number = number(network);
      if (number.isPresent() && !number.equals(own)) {
        byNumber.putIfAbsent(number.get(), network);
        return;
      }
    }
  }

  private static Optional<Object> number(Path network) {
    try {
      return Optional.of(Files.getAttribute(network, "unix:ino"));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
