package io.hostmesh.cli;

import io.hostmesh.agent.local.Definitions;
import io.hostmesh.agent.local.LocalInstances;
import io.hostmesh.agent.local.ServiceDefinition;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.rules.Known;
import io.hostmesh.runtime.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What folders of service definitions, one a host, say of a mesh that need not run. */
final class GivenServices {
  private GivenServices() {}

  /**
   * @throws UserError where a definition cannot be used
   */
  static Known read(List<Path> folders) {
    Map<ServiceName, List<ServiceDefinition>> byName = new TreeMap<>();
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        throw new UserError(folder + ": is no folder of service definitions");
      }
      Definitions definitions = LocalInstances.declared(folder, Map.of());
      if (!definitions.problems().isEmpty()) {
        throw new UserError(definitions.problems().getFirst());
      }
      definitions
          .services()
          .forEach(d -> byName.computeIfAbsent(d.name(), _ -> new ArrayList<>()).add(d));
    }
    SortedMap<ServiceName, Known.Facts> facts = new TreeMap<>();
    byName.forEach((name, definitions) -> facts.put(name, facts(definitions)));
    return new Known(facts);
  }

  private static Known.Facts facts(List<ServiceDefinition> definitions) {
    List<ServiceDefinition.Listener> listeners =
        definitions.stream().flatMap(definition -> definition.listener().stream()).toList();
    Optional<Protocol> protocol =
        listeners.stream().map(ServiceDefinition.Listener::protocol).reduce(Protocol::or);
    List<Map<String, String>> meta = new ArrayList<>();
    listeners.forEach(listener -> meta.add(listener.meta()));
    return new Known.Facts(protocol, meta);
  }
}
