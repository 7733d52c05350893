package io.hostmesh.cli.lab;

import io.hostmesh.agent.AgentMain;
import io.hostmesh.citadel.CitadelMain;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.pilot.PilotMain;
import io.hostmesh.registry.embedded.RegistryMain;
import io.hostmesh.runtime.Daemon;
import io.hostmesh.runtime.ProcessSettings;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Stream;

/** How the daemons themselves read the configurations that the lab gives them. */
final class Daemons {
  static final String AGENT = "agent";

  private Daemons() {}

  /**
   * Gives each daemon the settings that it knows, and has it judge them. What has a host's name in
   * front is for that host's agent.
   *
   * @return the settings by daemon, those for one host by its name
   * @throws io.hostmesh.runtime.UserError where nobody knows a setting
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  static Map<String, List<String>> settings(DaemonFiles files, List<String> settings) {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(AGENT, files.agent(LabHost.of(1)));
    texts.put(DaemonFiles.PILOT, files.pilot());
    texts.put(DaemonFiles.CITADEL, files.citadel());
    texts.put(DaemonFiles.REGISTRY, files.registry());
    Map<String, SortedSet<String>> keys = new LinkedHashMap<>();
    texts.forEach((name, text) -> keys.put(name, read(name, text, List.of())));
    Set<String> hosts = new LinkedHashSet<>();
    for (LabHost host : LabHost.all(files.plan().hosts())) {
      hosts.add(host.name());
      texts.put(host.name(), files.agent(host));
      keys.put(host.name(), keys.getOrDefault(AGENT, Collections.emptySortedSet()));
    }
    Map<String, List<String>> assigned = Settings.assign(settings, keys, hosts);
    List<String> ofAll = assigned.getOrDefault(AGENT, List.of());
    boolean allDiffer =
        hosts.stream().noneMatch(host -> assigned.getOrDefault(host, List.of()).isEmpty());
    assigned.forEach(
        (name, own) -> {
          String text = texts.getOrDefault(name, "");
          if (!hosts.contains(name)) {
            if (!name.equals(AGENT) || !allDiffer) { // No agent has only what is for all.
              read(name, text, own);
            }
          } else if (!own.isEmpty()) {
            read(name, text, Stream.concat(ofAll.stream(), own.stream()).toList());
          }
        });
    return assigned;
  }

  /** The keys that it asks for. */
  private static SortedSet<String> read(String name, String text, List<String> settings) {
    Daemon<?> daemon =
        switch (name) {
          case DaemonFiles.PILOT -> new PilotMain();
          case DaemonFiles.CITADEL -> new CitadelMain();
          case DaemonFiles.REGISTRY -> new RegistryMain();
          default -> new AgentMain();
        };
    Section section = Section.parse("the lab's " + name + ".conf", text, settings);
    ProcessSettings _ = ProcessSettings.read(section);
    Object _ = daemon.read(section);
    section.end();
    return section.keysRead();
  }
}
