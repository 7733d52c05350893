package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * What a host has of its own in {@code /etc}: its name, its neighbours, its nameserver, its users.
 * The files are mounted over the machine's for the lab's processes only.
 */
final class HostFiles {
  private final LabFolder folder;
  private final View view;
  private final List<LabHost> hosts;

  HostFiles(LabFolder folder, View view, List<LabHost> hosts) {
    this.folder = folder;
    this.view = view;
    this.hosts = hosts;
  }

  /** The mount table that {@code enter.sh} applies. */
  Path fstab(LabHost host) {
    return folder.host(host.name()).resolve("fstab");
  }

  void write(LabHost host, Map<String, Integer> users) {
    try {
      Path etc = folder.host(host.name()).resolve("etc");
      Files.createDirectories(etc);
      Files.writeString(etc.resolve("hostname"), host.name() + "\n");
      Files.writeString(etc.resolve("hosts"), neighbours(host));
      Files.writeString(
          etc.resolve("resolv.conf"),
          "nameserver " + LabHost.HUB.ipv4() + "\noptions timeout:2 attempts:2\n");
      Files.writeString(etc.resolve("nsswitch.conf"), nameSwitch());
      users(host, users);
      Files.writeString(fstab(host), mounts(etc));
    } catch (IOException e) {
      throw new UserError("cannot write the files of " + host.name() + ": " + e, e);
    }
  }

  /** Writes the users anew; commands started from now on know them. */
  void users(LabHost host, Map<String, Integer> users) {
    Path etc = folder.host(host.name()).resolve("etc");
    StringBuilder passwd = new StringBuilder();
    StringBuilder group = new StringBuilder();
    users.forEach(
        (name, uid) -> {
          passwd.append("%s:x:%d:%d:Hostmesh lab:/nonexistent:/bin/sh%n".formatted(name, uid, uid));
          group.append("%s:x:%d:%n".formatted(name, uid));
        });
    replace(etc.resolve("passwd"), text("/etc/passwd") + passwd);
    replace(etc.resolve("group"), text("/etc/group") + group);
  }

  private String neighbours(LabHost self) {
    StringBuilder text = new StringBuilder("127.0.0.1 localhost\n::1 localhost\n");
    text.append(LabHost.HUB.ipv4()).append(" hub\n");
    for (LabHost host : hosts) {
      text.append(host.ipv4()).append(' ').append(host.name()).append('\n');
    }
    return self.isHub() ? text.toString() : text + self.ipv6() + " " + self.name() + "\n";
  }

  /** The machine's own, but names only by files and DNS: not by a resolver of the machine. */
  private static String nameSwitch() {
    StringBuilder text = new StringBuilder("hosts: files dns\n");
    text("/etc/nsswitch.conf")
        .lines()
        .filter(line -> !line.strip().startsWith("hosts:"))
        .forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private String mounts(Path etc) throws IOException {
    StringBuilder table = new StringBuilder();
    view.mounts().forEach((real, seen) -> table.append(bind(real, seen)));
    for (String name :
        List.of("hostname", "hosts", "resolv.conf", "nsswitch.conf", "passwd", "group")) {
      Path target = Path.of("/etc", name);
      if (Files.exists(target)) {
        // A link, as systemd-resolved has it, is mounted over where it leads to.
        table.append(bind(etc.resolve(name), target.toRealPath()));
      }
    }
    if (Files.isDirectory(Path.of("/run/nscd"))) {
      table.append("tmpfs /run/nscd tmpfs size=4k 0 0\n"); // Its cache knows the machine's names.
    }
    return table.toString();
  }

  private static String bind(Path from, Path to) {
    return escaped(from) + " " + escaped(to) + " none bind 0 0\n";
  }

  /** As fstab(5) writes spaces. */
  private static String escaped(Path path) {
    return path.toString().replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011");
  }

  private static String text(String file) {
    try {
      Path path = Path.of(file);
      return Files.exists(path) ? Files.readString(path) : "";
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void replace(Path file, String text) {
    try {
      Path next = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(next, text);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be written: " + e, e);
    }
  }
}
