package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.ActiveCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks the instances of services that this host calls whether they are well, where a rule wants it,
 * for as long as they are called. An instance is asked in the name of a local service that calls
 * it, through the mesh as its calls are. Any thread.
 */
final class ActiveChecks {
  /** Nobody has called the service for so long: it is not asked any more. */
  private static final long UNUSED_NANOS = Duration.ofMinutes(1).toNanos();

  private final Sender sender;
  private final ConcurrentHashMap<ServiceName, Asked> services = new ConcurrentHashMap<>();

  ActiveChecks(Sender sender) {
    this.sender = sender;
  }

  private static final class Asked {
    final CheckCallers callers = new CheckCallers();
    private final Upstreams upstreams;
    private List<ActiveCheck> checks = List.of();
    private List<HealthProbe> probes = List.of();
    private boolean over;

    /**
     * @param upstreams of any loop, which lives as long as the agent
     */
    Asked(Upstreams upstreams) {
      this.upstreams = upstreams;
    }

    synchronized void end(Sender sender) {
      sync(List.of(), List.of(), sender);
      over = true;
    }

    /** Begins with who is new, and ends with who is gone. */
    synchronized void sync(List<ActiveCheck> wanted, List<Candidate> instances, Sender sender) {
      if (over) {
        return;
      }
      List<HealthProbe> next = new ArrayList<>();
      boolean same = wanted.equals(checks);
      for (Candidate each : instances) {
        HealthProbe known =
            same ? probes.stream().filter(p -> p.isOf(each)).findFirst().orElse(null) : null;
        if (known == null) {
          next.add(new HealthProbe(each, wanted, callers, upstreams, sender));
        } else {
          known.isNow(each);
          next.add(known);
        }
      }
      probes.stream().filter(probe -> !next.contains(probe)).forEach(HealthProbe::stop);
      next.stream().filter(probe -> !probes.contains(probe)).forEach(HealthProbe::start);
      checks = wanted;
      probes = next;
    }

    synchronized List<String> refusals() {
      return probes.stream().map(HealthProbe::refusal).filter(why -> !why.isEmpty()).toList();
    }
  }

  /**
   * A service is called.
   *
   * @param upstreams of the caller's loop, from where it is asked
   */
  void used(ServicePair pair, Upstreams upstreams) {
    if (wanted(pair.service()).isEmpty()) {
      return;
    }
    Asked asked = services.get(pair.service());
    if (asked == null) {
      asked = services.computeIfAbsent(pair.service(), _ -> new Asked(upstreams));
      asked.callers.called(pair, System.nanoTime());
      sync(pair.service(), asked);
    } else {
      asked.callers.called(pair, System.nanoTime());
    }
  }

  private List<ActiveCheck> wanted(ServiceName service) {
    return sender.mesh().view().upstream(service).protection().checks();
  }

  private void sync(ServiceName service, Asked asked) {
    Members members = sender.members();
    asked.sync(wanted(service), members.known(service), sender);
  }

  /** To be called every second. */
  void tick(long nowNanos) {
    services.forEach(
        (service, asked) -> {
          if (!asked.callers.keep(UNUSED_NANOS, nowNanos) || wanted(service).isEmpty()) {
            services.remove(service, asked);
            asked.end(sender);
          } else {
            sync(service, asked);
          }
        });
  }

  /** Why instances of a service cannot be asked. */
  List<String> refusals(ServiceName service) {
    Asked asked = services.get(service);
    return asked == null ? List.of() : asked.refusals();
  }
}
