package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.Endpoint;
import io.hostmesh.api.v1.Endpoints;
import io.hostmesh.api.v1.Service;
import io.hostmesh.model.Instance;
import io.hostmesh.model.Locality;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.pilot.catalog.MeshAddress;
import io.hostmesh.pilot.rules.RuleInForce;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A service's line in the directory, and its endpoints. */
final class ServiceCompiler {
  private static final int MAX_WEIGHT = 65_535;

  private final SnapshotInputs inputs;
  private final List<String> problems;
  private final Map<Scope, ModeRule> modes = new HashMap<>();

  /**
   * @param problems what is found wrong is added here
   */
  ServiceCompiler(SnapshotInputs inputs, List<String> problems) {
    this.inputs = inputs;
    this.problems = problems;
    for (RuleInForce rule : inputs.rules()) {
      if (rule.rule() instanceof ModeRule mode) {
        modes.put(mode.scope(), mode);
      }
    }
  }

  Service directoryLine(ServiceName service, List<Instance> instances) {
    NavigableSet<String> addresses = new TreeSet<>();
    for (Instance instance : instances) {
      literal(instance.address())
          .map(address -> socket(address, instance.port()))
          .ifPresent(addresses::add);
    }
    Service.Builder line =
        Service.newBuilder()
            .setNamespace(service.namespace())
            .setName(service.name())
            .setDatacenter(inputs.terms().datacenter())
            .setProtocol(wire(protocol(service, instances)))
            .addAllAddresses(addresses);
    inputs
        .virtualAddresses()
        .getOrDefault(service, List.of())
        .forEach(address -> line.addVirtualAddresses(address.getHostAddress()));
    return line.build();
  }

  /**
   * What the service speaks. Instances that disagree are reported, and the first one by node and id
   * is believed, so that every pilot says the same; those that declare nothing agree with all.
   */
  private Protocol protocol(ServiceName service, List<Instance> instances) {
    SortedSet<Protocol> declared =
        instances.stream()
            .map(Instance::protocol)
            .filter(protocol -> protocol != Protocol.AUTO)
            .collect(Collectors.toCollection(TreeSet::new));
    Protocol first =
        instances.stream()
            .map(Instance::protocol)
            .reduce(Protocol::or)
            .orElseGet(() -> inputs.protocols().getOrDefault(service, Protocol.AUTO));
    if (declared.size() > 1) {
      problems.add(
          "service "
              + service
              + ": its instances declare different protocols ("
              + instances.stream()
                  .map(i -> i.node() + "/" + i.id() + " " + i.protocol().text())
                  .collect(Collectors.joining(", "))
              + "); "
              + first.text()
              + " is used; declare the same protocol on every host");
    }
    return first;
  }

  Endpoints endpoints(ServiceName service, List<Instance> instances) {
    Endpoints.Builder endpoints =
        Endpoints.newBuilder()
            .setNamespace(service.namespace())
            .setService(service.name())
            .setDatacenter(inputs.terms().datacenter());
    for (Instance instance : instances) {
      endpoint(instance).ifPresent(endpoints::addEndpoints);
    }
    return endpoints.build();
  }

  private Optional<Endpoint> endpoint(Instance instance) {
    Optional<InetAddress> application = literal(instance.address());
    if (application.isEmpty()) {
      problems.add(
          where(instance)
              + ": its address \""
              + instance.address()
              + "\" is not an IP address, so it gets no calls; register it with one");
      return Optional.empty();
    }
    Endpoint.Builder endpoint =
        Endpoint.newBuilder()
            .setInstance(instance.id())
            .setNode(instance.node())
            .setAddress(application.get().getHostAddress())
            .setPort(instance.port())
            .setHealthy(instance.healthy())
            .putAllMeta(ownMeta(instance));
    weight(instance).ifPresent(endpoint::setWeight);
    Locality locality = Locality.of(instance.meta());
    endpoint.setRegion(locality.region()).setZone(locality.zone());
    Optional<MeshAddress> mesh = MeshAddress.of(instance);
    boolean entitled = inputs.entitlements().allows(instance.node(), instance.service());
    if (entitled) {
      endpoint.setMember(true).setPlaintext(isPlaintext(instance));
      mesh.ifPresent(
          address -> endpoint.setMeshAddress(address.address()).setMeshPort(address.port()));
      if (mesh.isEmpty()) {
        problems.add(
            where(instance)
                + ": node "
                + instance.node()
                + " is entitled to it, but no agent there announces a mesh port; is"
                + " hostmesh-agent running?");
      }
    } else if (mesh.isPresent()) {
      problems.add(
          where(instance)
              + ": an agent announces it, but node "
              + instance.node()
              + " is not entitled to "
              + instance.service()
              + "; if it shall be: hostmesh node allow "
              + instance.node()
              + " "
              + instance.service());
    }
    return Optional.of(endpoint.build());
  }

  /** What its own metadata say, else Consul's weight; 1 is what it has without. */
  private Optional<Integer> weight(Instance instance) {
    String text = instance.meta().get(Instance.WEIGHT);
    if (text == null) {
      text = instance.meta().getOrDefault(Instance.META_WEIGHT, "1");
    }
    try {
      int weight = Integer.parseInt(text.strip());
      if (weight >= 1 && weight <= MAX_WEIGHT) {
        return weight == 1 ? Optional.empty() : Optional.of(weight);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    problems.add(
        where(instance)
            + ": its metadata weight = \""
            + text
            + "\" is not a whole number from 1 to "
            + MAX_WEIGHT
            + "; 1 is used");
    return Optional.empty();
  }

  /** Whether a rule says that the instance takes no mutual TLS: the narrowest that speaks of it. */
  private boolean isPlaintext(Instance instance) {
    for (Scope scope : Scope.around(instance.service())) {
      ModeRule rule = modes.get(scope);
      Optional<MeshMode> mode = rule == null ? Optional.empty() : rule.of(instance.port());
      if (mode.isPresent()) {
        return mode.get() == MeshMode.DISABLED;
      }
    }
    return false;
  }

  /** The user's metadata: what subsets select by. */
  private static SortedMap<String, String> ownMeta(Instance instance) {
    return instance.meta().entrySet().stream()
        .filter(entry -> !entry.getKey().startsWith(Instance.META_PREFIX))
        .collect(
            Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, _) -> a, TreeMap::new));
  }

  private static String where(Instance instance) {
    return "service "
        + instance.service()
        + ", instance "
        + instance.id()
        + " on "
        + instance.node();
  }

  static Optional<InetAddress> literal(String address) {
    try {
      return Optional.of(InetAddress.ofLiteral(address));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String socket(InetAddress address, int port) {
    String text = address.getHostAddress();
    return (text.contains(":") ? "[" + text + "]" : text) + ":" + port;
  }

  private static io.hostmesh.api.v1.Protocol wire(Protocol protocol) {
    return switch (protocol) {
      case HTTP -> io.hostmesh.api.v1.Protocol.PROTOCOL_HTTP;
      case HTTP2 -> io.hostmesh.api.v1.Protocol.PROTOCOL_HTTP2;
      case GRPC -> io.hostmesh.api.v1.Protocol.PROTOCOL_GRPC;
      case TCP -> io.hostmesh.api.v1.Protocol.PROTOCOL_TCP;
      case AUTO -> io.hostmesh.api.v1.Protocol.PROTOCOL_UNSPECIFIED;
    };
  }
}
