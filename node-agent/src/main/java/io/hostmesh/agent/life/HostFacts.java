package io.hostmesh.agent.life;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.inbound.LocalInstance;
import io.hostmesh.agent.inbound.LocalInstances;
import io.hostmesh.agent.local.Definitions;
import io.hostmesh.agent.local.ServiceDefinition;
import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.CallerAttestor;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ListenerAttestation;
import io.hostmesh.agent.workload.ListenerAttestor;
import io.hostmesh.agent.workload.PeerProcesses;
import io.hostmesh.agent.workload.Workload;
import io.hostmesh.agent.workload.WorkloadMatcher;
import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.model.ServiceName;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * What the data path is told of this host: its declared instances, and whose sockets are whose.
 * Safe for any thread; a change of the definitions replaces everything at once.
 */
final class HostFacts implements LocalInstances {
  private static final System.Logger LOG = System.getLogger(HostFacts.class.getName());

  private record InstanceKey(ServiceName service, String id) {}

  private record Compiled(
      WorkloadMatcher workloads,
      Map<InstanceKey, LocalInstance> byInstance,
      Map<Integer, LocalInstance> byPort,
      Map<InstanceKey, WorkloadSelector> selectors) {}

  private final CallerAttestor callers;
  private final ListenerAttestor listeners;
  private final Map<LocalInstance, String> alarms = new ConcurrentHashMap<>();
  private volatile Compiled compiled = compile(Definitions.NONE);

  HostFacts(CgroupTree cgroups) {
    this.callers = new CallerAttestor(cgroups, () -> compiled.workloads());
    this.listeners = new ListenerAttestor(cgroups);
  }

  /** The services of this host are these from now on. */
  void declare(Definitions definitions) {
    compiled = compile(definitions);
    alarms.keySet().retainAll(compiled.byInstance().values());
  }

  private static Compiled compile(Definitions definitions) {
    List<Workload> workloads = new ArrayList<>();
    Map<InstanceKey, LocalInstance> byInstance = new HashMap<>();
    Map<Integer, LocalInstance> byPort = new HashMap<>();
    Map<InstanceKey, WorkloadSelector> selectors = new HashMap<>();
    for (ServiceDefinition definition : definitions.services()) {
      String id = definition.listener().map(ServiceDefinition.Listener::instance).orElse("");
      workloads.add(new Workload(definition.name(), id, definition.workload()));
      definition
          .listener()
          .ifPresent(
              listener -> {
                LocalInstance instance =
                    new LocalInstance(
                        definition.name(), id, listener.protocol(), listener.application());
                InstanceKey key = new InstanceKey(definition.name(), id);
                byInstance.put(key, instance);
                byPort.put(listener.port(), instance);
                selectors.put(key, definition.workload());
              });
    }
    return new Compiled(new WorkloadMatcher(workloads), byInstance, byPort, selectors);
  }

  @Override
  public Optional<LocalInstance> byInstance(ServiceName service, String id) {
    return Optional.ofNullable(compiled.byInstance().get(new InstanceKey(service, id)));
  }

  /** By the port alone: what was captured on its way in went to an address of this host. */
  @Override
  public Optional<LocalInstance> byDestination(InetSocketAddress destination) {
    return Optional.ofNullable(compiled.byPort().get(destination.getPort()));
  }

  /** Who opened a connection. */
  Caller caller(Channel accepted, InetSocketAddress destination) {
    InetSocketAddress local = (InetSocketAddress) accepted.localAddress();
    InetSocketAddress remote = (InetSocketAddress) accepted.remoteAddress();
    return switch (callers.attest(local, remote, destination)) {
      case Attestation.Attested attested -> new Caller.Service(attested.service());
      case Attestation.Unknown unknown -> new Caller.Unknown("the process of " + unknown.owner());
      case Attestation.Ambiguous ambiguous ->
          new Caller.Unknown(
              "the process of "
                  + ambiguous.owner()
                  + ", which "
                  + ambiguous.claimants().stream()
                      .map(workload -> workload.service().toString())
                      .distinct()
                      .collect(Collectors.joining(" and "))
                  + " claim both");
      case Attestation.NotLocal(Optional<String> doubt) -> new Caller.Remote(doubt);
    };
  }

  /** Which service a process of this host is that calls over a unix socket. */
  Attestation process(PeerProcesses.Peer peer) {
    return compiled.workloads().match(peer.owner());
  }

  /** Who listens there instead of the instance, as a sentence; empty where it is the instance. */
  Optional<String> refusal(
      LocalInstance instance, InetSocketAddress local, InetSocketAddress remote) {
    WorkloadSelector expected =
        compiled.selectors().get(new InstanceKey(instance.service(), instance.id()));
    if (expected == null) {
      return Optional.of(instance + " is no more declared on this host");
    }
    return switch (listeners.attest(remote, local, expected)) {
      case ListenerAttestation.Owned _ -> {
        if (!alarms.isEmpty()) {
          alarms.remove(instance);
        }
        yield Optional.empty();
      }
      case ListenerAttestation.Foreign foreign -> {
        String reason = foreign.reason();
        if (!reason.equals(alarms.put(instance, reason))) {
          LOG.log(
              System.Logger.Level.ERROR,
              "ALARM: refused a connection to {0}: {1}",
              instance,
              reason);
        }
        yield Optional.of(reason);
      }
    };
  }

  /** The same for an instance by its name. */
  Optional<String> refusal(
      ServiceName service, String id, InetSocketAddress local, InetSocketAddress remote) {
    return byInstance(service, id).flatMap(instance -> refusal(instance, local, remote));
  }

  /** Instances whose port someone else holds, as sentences. */
  List<String> alarms() {
    return alarms.entrySet().stream()
        .map(alarm -> "ALARM: " + alarm.getKey() + ": " + alarm.getValue())
        .toList();
  }
}
