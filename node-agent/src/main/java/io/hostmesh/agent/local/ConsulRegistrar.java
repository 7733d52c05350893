package io.hostmesh.agent.local;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Locality;
import io.hostmesh.registry.CheckReport;
import io.hostmesh.registry.CheckStatus;
import io.hostmesh.registry.LocalCheck;
import io.hostmesh.registry.LocalService;
import io.hostmesh.registry.RegisteringNode;
import io.hostmesh.registry.Registry;
import io.hostmesh.registry.ServiceRegistration;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;

/** Lists instances in Consul, or in the embedded registry. Safe for any thread. */
public final class ConsulRegistrar implements Registrar {
  /** Where the agent listens, in the metadata of each instance. */
  private static final String META_NODE_ADDRESS = Instance.META_PREFIX + "node-address";

  private final ServiceRegistration registration;
  private final String nodeAddress;
  private final Locality locality;
  private final int meshPort;

  /**
   * @param nodeAddress where other hosts reach this one
   * @param locality where this host stands
   * @param meshPort where other agents reach this one
   */
  public ConsulRegistrar(
      Registry registry, String node, InetAddress nodeAddress, Locality locality, int meshPort) {
    this.nodeAddress = nodeAddress.getHostAddress();
    this.registration = registry.registration(new RegisteringNode(node, this.nodeAddress));
    this.locality = locality;
    this.meshPort = meshPort;
  }

  /** The id in Consul, unique on the node. */
  static String id(ServiceDefinition definition, ServiceDefinition.Listener instance) {
    return instance.adopt().orElse(definition.name().name() + "-" + instance.instance());
  }

  /** Whether both mean the same instance, or the same service where neither has one. */
  static boolean isSame(ServiceDefinition a, ServiceDefinition b) {
    return (a.listener().isEmpty() || b.listener().isEmpty())
        ? a.name().equals(b.name()) && a.listener().isEmpty() && b.listener().isEmpty()
        : id(a, a.listener().get()).equals(id(b, b.listener().get()));
  }

  @Override
  public CompletionStage<Void> register(
      ServiceDefinition definition, ServiceDefinition.Listener instance) {
    return registration.register(service(definition, instance));
  }

  private LocalService service(ServiceDefinition definition, ServiceDefinition.Listener instance) {
    SortedMap<String, String> meta = new TreeMap<>(instance.meta());
    meta.put(Instance.META_MESH_PORT, Integer.toString(meshPort));
    meta.put(META_NODE_ADDRESS, nodeAddress);
    if (locality.isKnown()) {
      meta.put(Instance.META_REGION, locality.region());
    }
    if (!locality.zone().isEmpty()) {
      meta.put(Instance.META_ZONE, locality.zone());
    }
    List<LocalCheck> checks = new ArrayList<>();
    for (int i = 0; i < instance.checks().size(); i++) {
      HealthCheck check = instance.checks().get(i);
      checks.add(
          new LocalCheck(
              Integer.toString(i), check.kind() + " every " + check.interval().toMillis() + " ms"));
    }
    return new LocalService(
        id(definition, instance),
        definition.name(),
        instance.instance(),
        address(instance),
        instance.port(),
        instance.protocol(),
        meta,
        checks,
        instance.adopt().isPresent());
  }

  /** Its own where that says something to other hosts. */
  private String address(ServiceDefinition.Listener instance) {
    InetAddress own = instance.application().getAddress();
    return own.isLoopbackAddress() || own.isAnyLocalAddress() || own.isLinkLocalAddress()
        ? nodeAddress
        : own.getHostAddress();
  }

  @Override
  public void deregister(ServiceDefinition definition, ServiceDefinition.Listener instance) {
    var _ = registration.deregister(id(definition, instance));
  }

  @Override
  public void report(
      ServiceDefinition definition,
      ServiceDefinition.Listener instance,
      int check,
      boolean well,
      String output) {
    registration.report(
        id(definition, instance),
        Integer.toString(check),
        new CheckReport(well ? CheckStatus.PASSING : CheckStatus.CRITICAL, output));
  }

  @Override
  public SortedMap<String, String> troubles() {
    return registration.troubles();
  }

  @Override
  public void close() {
    registration.close();
  }
}
