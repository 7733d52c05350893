package io.hostmesh.agent.life;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.inbound.Listeners;
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
import io.hostmesh.agent.workload.ProcessFinder;
import io.hostmesh.agent.workload.ProcessQuestion;
import io.hostmesh.agent.workload.SocketOwner;
import io.hostmesh.agent.workload.Workload;
import io.hostmesh.agent.workload.WorkloadMatcher;
import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.model.ServiceName;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the data path is told of this host: its declared instances, and whose sockets are whose.
 * Safe for any thread; a change of the definitions replaces everything at once.
 */
final class HostFacts implements LocalInstances, Callers, Listeners {
  private static final System.Logger LOG = System.getLogger(HostFacts.class.getName());

  private record InstanceKey(ServiceName service, String id) {}

  private record Compiled(
      WorkloadMatcher workloads,
      Map<InstanceKey, LocalInstance> byInstance,
      Map<Integer, LocalInstance> byPort,
      Map<InstanceKey, WorkloadSelector> selectors,
      Map<ServiceName, Map<String, String>> meta,
      boolean needsProcesses) {}

  private static final int MOST_CLAIMS = 20;

  private final ProcessFinder processes;
  private final boolean containers;
  private final CallerAttestor callers;
  private final ListenerAttestor listeners;
  private final Map<LocalInstance, String> alarms = new ConcurrentHashMap<>();
  private final Set<String> claims = ConcurrentHashMap.newKeySet();
  private volatile Compiled compiled = compile(Definitions.NONE);

  /**
   * @param containers whether calls are captured of containers that have networks of their own
   */
  HostFacts(CgroupTree cgroups, ProcessFinder processes, boolean containers) {
    this.processes = processes;
    this.containers = containers;
    this.callers = new CallerAttestor(cgroups, () -> compiled.workloads(), processes, containers);
    this.listeners = new ListenerAttestor(cgroups, processes);
  }

  /** The services of this host are these from now on. */
  void declare(Definitions definitions) {
    compiled = compile(definitions);
    claims.clear();
    alarms.keySet().retainAll(compiled.byInstance().values());
  }

  private static Compiled compile(Definitions definitions) {
    List<Workload> workloads = new ArrayList<>();
    Map<InstanceKey, LocalInstance> byInstance = new HashMap<>();
    Map<Integer, LocalInstance> byPort = new HashMap<>();
    Map<InstanceKey, WorkloadSelector> selectors = new HashMap<>();
    Map<ServiceName, Map<String, String>> meta = new HashMap<>();
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
                meta.merge(definition.name(), listener.meta(), HostFacts::shared);
              });
    }
    return new Compiled(
        new WorkloadMatcher(workloads),
        byInstance,
        byPort,
        selectors,
        meta,
        workloads.stream().anyMatch(workload -> workload.selector().needsProcesses()));
  }

  @Override
  public Optional<LocalInstance> byInstance(ServiceName service, String id) {
    return Optional.ofNullable(compiled.byInstance().get(new InstanceKey(service, id)));
  }

  @Override
  public Map<String, String> meta(ServiceName service) {
    return compiled.meta().getOrDefault(service, Map.of());
  }

  private static Map<String, String> shared(Map<String, String> first, Map<String, String> second) {
    Map<String, String> shared = new HashMap<>(first);
    shared.entrySet().retainAll(second.entrySet());
    return shared;
  }

  /** By the port alone: what was captured on its way in went to an address of this host. */
  @Override
  public Optional<LocalInstance> byDestination(InetSocketAddress destination) {
    return Optional.ofNullable(compiled.byPort().get(destination.getPort()));
  }

  /**
   * Who opened a connection, by the kernel's word alone: a service that asks for an executable or a
   * group as well is not found here.
   */
  @Override
  public Caller attest(Channel accepted, InetSocketAddress destination) {
    Caller[] found = {new Caller.Unknown("a process that must be asked for")};
    attest(accepted, destination, caller -> found[0] = caller);
    return found[0];
  }

  @Override
  public void attest(Channel accepted, InetSocketAddress destination, Consumer<Caller> then) {
    callers.attest(
        (InetSocketAddress) accepted.localAddress(),
        (InetSocketAddress) accepted.remoteAddress(),
        destination,
        accepted.eventLoop(),
        attestation -> {
          if (accepted.isOpen()) {
            then.accept(caller(attestation));
          }
        });
  }

  private Caller caller(Attestation attestation) {
    return switch (attestation) {
      case Attestation.Attested attested -> new Caller.Service(attested.service());
      case Attestation.Unknown(SocketOwner owner, Optional<String> doubt) ->
          new Caller.Unknown(
              "the process of " + owner + doubt.map(why -> " (" + why + ")").orElse(""));
      case Attestation.Ambiguous ambiguous -> new Caller.Unknown(ambiguous(ambiguous));
      case Attestation.NotLocal(Optional<String> doubt) -> new Caller.Remote(doubt);
    };
  }

  /**
   * Which service a process of this host is that calls over a unix socket.
   *
   * @param loop where the answer is wanted
   * @param then called once, at once or, where a service asks for an executable or a group, within
   *     two seconds
   */
  void process(PeerProcesses.Peer peer, EventLoop loop, Consumer<Attestation> then) {
    WorkloadMatcher declared = compiled.workloads();
    if (!declared.needsProcesses(peer.owner())) {
      then.accept(declared.match(peer.owner()));
      return;
    }
    processes.find(
        ProcessQuestion.of(peer, declared.needsHash(peer.owner())),
        loop,
        found -> then.accept(declared.match(peer.owner(), found)));
  }

  /** A mistake in the definitions that shows only now: operators are told. */
  private String ambiguous(Attestation.Ambiguous attestation) {
    String services =
        attestation.claimants().stream()
            .map(workload -> workload.service().toString())
            .distinct()
            .sorted()
            .collect(Collectors.joining(" and "));
    String both = "the process of " + attestation.owner() + ", which " + services + " claim both";
    if (claims.size() < MOST_CLAIMS
        && claims.add(both + "; give each a workload of its own in services.d")) {
      LOG.log(System.Logger.Level.ERROR, "no identity for {0}", both);
    }
    return both;
  }

  /**
   * Who listens there instead of the instance, as a sentence, by the kernel's word alone; empty
   * where it is the instance.
   */
  @Override
  public Optional<String> refusal(
      LocalInstance instance, InetSocketAddress local, InetSocketAddress remote) {
    WorkloadSelector expected = selector(instance);
    return expected == null
        ? Optional.of(undeclared(instance))
        : judged(instance, listeners.attest(remote, local, expected));
  }

  @Override
  public void judge(
      LocalInstance instance,
      InetSocketAddress local,
      InetSocketAddress remote,
      EventLoop loop,
      Consumer<Optional<String>> then) {
    WorkloadSelector expected = selector(instance);
    if (expected == null) {
      then.accept(Optional.of(undeclared(instance)));
      return;
    }
    listeners.attest(
        remote, local, expected, loop, attested -> then.accept(judged(instance, attested)));
  }

  private @Nullable WorkloadSelector selector(LocalInstance instance) {
    return compiled.selectors().get(new InstanceKey(instance.service(), instance.id()));
  }

  private static String undeclared(LocalInstance instance) {
    return instance + " is no more declared on this host";
  }

  private Optional<String> judged(LocalInstance instance, ListenerAttestation attestation) {
    return switch (attestation) {
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

  /**
   * Ports that someone else holds, processes that two services claim, a helper that is not there.
   */
  List<String> alarms() {
    List<String> all = new ArrayList<>();
    alarms.forEach((instance, why) -> all.add("ALARM: " + instance + ": " + why));
    all.addAll(claims);
    if (containers || compiled.needsProcesses()) {
      processes.problem().ifPresent(all::add);
    }
    return List.copyOf(all);
  }
}
