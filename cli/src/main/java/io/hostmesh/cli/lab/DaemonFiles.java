package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The configuration files of the lab's daemons.
 *
 * @param view how the agents' user sees the folder
 */
record DaemonFiles(LabFolder folder, View view, LabPlan plan) {
  static final String REGISTRY = "registry";
  static final String CITADEL = "citadel";
  static final String PILOT = "pilot";

  /** The embedded registry's own. */
  String registry() {
    return """
        # The lab's registry.
        listen = "0.0.0.0:8500"
        data-dir = %s
        """
        .formatted(path(folder.state(REGISTRY)));
  }

  String citadel() {
    return """
        # The lab's certificate authority.
        %s
        listen = "0.0.0.0:15010"
        state-dir = %s
        admin.socket = %s
        """
        .formatted(hubRegistry(), path(folder.state(CITADEL)), path(folder.socket(CITADEL)));
  }

  String pilot() {
    return """
        # The lab's pilot. A lab is strict.
        %s
        listen = "0.0.0.0:15012"
        state-dir = %s
        admin.socket = %s
        citadel { address = "%s:15010", token-file = %s }
        mesh.mode = strict
        """
        .formatted(
            hubRegistry(),
            path(folder.state(PILOT)),
            path(folder.socket(PILOT)),
            LabHost.HUB.ipv4(),
            path(token(PILOT)));
  }

  String agent(LabHost host) {
    return """
        # The agent of the lab's host %1$s.
        node { name = %1$s, address = "%2$s" }
        %3$s
        state-dir = %4$s
        run-dir = %5$s
        services-dir = %6$s
        access-log.file = %7$s
        citadel { address = "%8$s:15010", token-file = %9$s }
        pilot.address = "%8$s:15012"
        """
        .formatted(
            host.name(),
            host.ipv4(),
            agentRegistry(),
            path(view.seen(folder.state(host.name()))),
            path(view.seen(folder.agentRun(host.name()))),
            path(view.seen(folder.servicesD(host.name()))),
            path(view.seen(folder.accessLog(host.name()))),
            LabHost.HUB.ipv4(),
            path(view.seen(token(host.name()))));
  }

  Path token(String component) {
    return folder.state(component).resolve("join.token");
  }

  private static String hubRegistry() {
    return "registry { address = \"" + LabHost.HUB.ipv4() + ":8500\", local-agent = no }";
  }

  /** Where Consul is the lab's own, each host has an agent of it. */
  private String agentRegistry() {
    return plan.registry() instanceof RegistryChoice.Consul
        ? "registry { address = \"127.0.0.1:8500\", local-agent = yes }"
        : hubRegistry();
  }

  /**
   * With the lab's own Consul each daemon has a token. It is no part of the texts above, which are
   * read before there is a token.
   */
  private String registryToken(String component) {
    if (!(plan.registry() instanceof RegistryChoice.Consul)) {
      return "";
    }
    Path token = ConsulAcl.token(folder, component);
    boolean isHub = List.of(CITADEL, PILOT).contains(component);
    return "registry.token-file = " + path(isHub ? token : view.seen(token)) + "\n";
  }

  private static String path(Path path) {
    return InstanceSpec.quoted(path.toString());
  }

  /** Writes a file with the settings that were asked for over it. */
  Path write(String component, String text, List<String> settings) {
    Path file = folder.conf(component);
    StringBuilder all = new StringBuilder(text).append(registryToken(component));
    if (!settings.isEmpty()) {
      all.append("\n# Given to 'lab up'.\n");
      settings.forEach(setting -> all.append(setting).append('\n'));
    }
    try {
      Files.writeString(file, all);
      return file;
    } catch (IOException e) {
      throw new UserError(file + ": cannot be written: " + e, e);
    }
  }
}
