package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The lab's network: a namespace a host, and the hub, whose bridge joins them and which is their
 * default route. Nothing of it is in the machine's own namespace.
 *
 * @param id what the namespaces are named after
 */
record Network(LabId id) {
  private static final Path NAMESPACES = Path.of("/run/netns");

  /** Makes it all; waits until the addresses can be used. */
  void make(List<LabHost> hosts) {
    Shell.run(List.of("ip", "-batch", "-"), namespaces(hosts));
    Shell.run(List.of("ip", "-n", id.namespace(LabHost.HUB.name()), "-batch", "-"), hub(hosts));
    settings(LabHost.HUB);
    for (LabHost host : hosts) {
      settings(host);
      Shell.run(List.of("ip", "-n", id.namespace(host.name()), "-batch", "-"), host(host));
    }
  }

  private String namespaces(List<LabHost> hosts) {
    StringBuilder batch = new StringBuilder("netns add " + id.namespace("hub") + "\n");
    for (LabHost host : hosts) {
      batch.append("netns add ").append(id.namespace(host.name())).append('\n');
    }
    for (LabHost host : hosts) {
      batch
          .append("link add eth0 netns ")
          .append(id.namespace(host.name()))
          .append(" type veth peer name ")
          .append(host.name())
          .append(" netns ")
          .append(id.namespace("hub"))
          .append('\n');
    }
    return batch.toString();
  }

  private static String hub(List<LabHost> hosts) {
    StringBuilder batch = new StringBuilder("link set lo up\n");
    batch.append("link add br0 type bridge forward_delay 0\n").append("link set br0 up\n");
    batch.append("addr add ").append(LabHost.HUB.ipv4()).append("/24 dev br0\n");
    batch.append("addr add ").append(LabHost.HUB.ipv6()).append("/64 dev br0 nodad\n");
    for (LabHost host : hosts) {
      batch.append("link set ").append(host.name()).append(" master br0 up\n");
    }
    return batch.toString();
  }

  private static String host(LabHost host) {
    return "link set lo up\nlink set eth0 up\naddr add "
        + host.ipv4()
        + "/24 dev eth0\naddr add "
        + host.ipv6()
        + "/64 dev eth0 nodad\nroute add default via "
        + LabHost.HUB.ipv4()
        + "\nroute add ::/0 via "
        + LabHost.HUB.ipv6()
        + "\n";
  }

  /** What a service on a host of its own may do: any port, ping. */
  private void settings(LabHost host) {
    try {
      NetworkNamespace.inside(
          id.namespace(host.name()),
          () -> {
            Path net = Path.of("/proc/sys/net");
            Files.writeString(net.resolve("ipv4/ip_unprivileged_port_start"), "0");
            Files.writeString(net.resolve("ipv4/ping_group_range"), "0 2147483647");
            return true;
          });
    } catch (Exception e) {
      throw new UserError("cannot set up host " + host.name() + ": " + e.getMessage(), e);
    }
  }

  /** The names of the namespaces that are there. */
  List<String> present() {
    if (!Files.isDirectory(NAMESPACES)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(NAMESPACES)) {
      return all.map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(id.prefix()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserError(NAMESPACES + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  /** Ends the processes that still are in its namespaces, and removes these. */
  void remove() {
    List<String> names = present();
    List<String> batch = new ArrayList<>();
    for (String name : names) {
      Shell.run("ip", "netns", "pids", name)
          .lines()
          .map(String::strip)
          .filter(pid -> !pid.isEmpty())
          .forEach(pid -> ProcessHandle.of(Long.parseLong(pid)).ifPresent(Network::kill));
      batch.add("netns del " + name);
    }
    if (!batch.isEmpty()) {
      Shell.run(List.of("ip", "-batch", "-"), String.join("\n", batch) + "\n");
    }
  }

  /** The supervisor enters namespaces with threads, but is not in one. */
  private static void kill(ProcessHandle process) {
    if (process.pid() != ProcessHandle.current().pid()) {
      process.destroyForcibly();
    }
  }
}
