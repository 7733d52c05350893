package io.hostmesh.cli.lab;

import io.hostmesh.runtime.linux.NetworkNamespace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The daemons of the registry that was chosen. */
record Registries(
    LabFolder folder, LabPlan plan, Distribution programs, Entry entry, List<String> settings) {
  private static final int PORT = 8500;

  void start(Components components, List<LabHost> hosts, LabFiles files) throws Exception {
    switch (plan.registry()) {
      case RegistryChoice.Embedded() -> components.start(embedded());
      case RegistryChoice.Consul() -> consuls(components, hosts, new ConsulAcl(folder, files));
      case RegistryChoice.ConsulAt(String host, int port) -> {
        Relay _ = Relay.open(folder.id().namespace(LabHost.HUB.name()), PORT, host, port);
      }
    }
  }

  private Component embedded() {
    DaemonFiles files = new DaemonFiles(folder, new View(Map.of()), plan);
    Path config = files.write(DaemonFiles.REGISTRY, files.registry(), settings);
    return component(
        LabHost.HUB,
        DaemonFiles.REGISTRY,
        List.of(programs.program("hostmesh-registry").toString(), "--config", config.toString()));
  }

  /** The server first: it must know the tokens that the others use. */
  private void consuls(Components components, List<LabHost> hosts, ConsulAcl acl) throws Exception {
    String program = ConsulProgram.find().toString();
    components.start(
        component(
            LabHost.HUB,
            DaemonFiles.REGISTRY,
            consul(program, LabHost.HUB, true, acl.configuration(LabHost.HUB))));
    components.awaitReady();
    List<Component> others = new ArrayList<>();
    for (LabHost host : hosts) {
      others.add(
          component(
              host, ConsulAcl.consul(host), consul(program, host, false, acl.configuration(host))));
    }
    acl.apply(hosts);
    others.forEach(components::start);
  }

  private List<String> consul(String program, LabHost host, boolean server, Path configuration) {
    List<String> command =
        new ArrayList<>(
            List.of(
                program,
                "agent",
                "-node=" + host.name(),
                "-bind=" + host.ipv4(),
                "-client=" + (server ? "0.0.0.0" : "127.0.0.1"),
                "-data-dir=" + folder.state(ConsulAcl.consul(host)) + "/data",
                "-config-file=" + configuration,
                "-log-level=warn",
                "-hcl=disable_update_check = true",
                "-hcl=leave_on_terminate = false"));
    command.addAll(
        server
            ? List.of("-server", "-bootstrap-expect=1", "-hcl=performance { raft_multiplier = 1 }")
            : List.of("-retry-join=" + LabHost.HUB.ipv4(), "-retry-interval=1s"));
    return List.copyOf(command);
  }

  private Component component(LabHost host, String name, List<String> command) {
    return new Component(
        name,
        new Component.Program(
            () ->
                entry.command(host, entry.groups().daemon(name), folder.path(), List.of(), command),
            Components.environment(),
            List.of(),
            folder.log(name)),
        _ -> hasLeader(host));
  }

  /** Whether Consul's API answers on a host, and knows a leader. */
  private boolean hasLeader(LabHost host) {
    try {
      return NetworkNamespace.inside(
          folder.id().namespace(host.name()),
          () -> HttpProbe.get("127.0.0.1", PORT, "/v1/status/leader").contains(":"));
    } catch (Exception e) {
      return false;
    }
  }
}
