package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.balance.Outliers;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.telemetry.Metrics;
import io.hostmesh.model.ServiceName;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Outlier detection of all services that this host calls: its log, and its numbers. Any thread. */
final class OutlierWatch {
  private static final System.Logger LOG = System.getLogger(OutlierWatch.class.getName());

  private final ConcurrentHashMap<ServiceName, Outliers> services = new ConcurrentHashMap<>();
  private final MeshSource mesh;
  private final Members members;
  private final Metrics metrics;

  OutlierWatch(MeshSource mesh, Members members, Metrics metrics) {
    this.mesh = mesh;
    this.members = members;
    this.metrics = metrics;
  }

  /** Of a service; the same object for as long as the agent runs. */
  Outliers of(ServiceName service) {
    Outliers known = services.get(service);
    return known == null ? services.computeIfAbsent(service, this::make) : known;
  }

  private Outliers make(ServiceName service) {
    LongAdder ejections = new LongAdder();
    metrics.upstreamCounter(
        "ejections",
        "How often an instance was left out by what it answered",
        service,
        ejections,
        LongAdder::sum);
    metrics.upstreamGauge(
        "instances_out",
        "Healthy instances by the catalog that this host leaves out now, for any reason",
        service,
        members,
        m -> out(m, service));
    return new Outliers(
        () -> mesh.view().upstream(service).protection().outliers(),
        () -> members.known(service),
        new Told(service, ejections));
  }

  private static double out(Members members, ServiceName service) {
    long now = System.nanoTime();
    return members.known(service).stream().filter(each -> each.member().ejected(now)).count();
  }

  private record Told(ServiceName service, LongAdder ejections) implements Outliers.Listener {
    @Override
    public void ejected(Candidate who, long nanos, String why) {
      ejections.increment();
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} instance {1} on {2} is ejected for {3} s: {4}",
          service,
          who.endpoint().instance(),
          who.endpoint().node(),
          Duration.ofNanos(nanos).toSeconds(),
          why);
    }

    @Override
    public void returned(Candidate who) {
      LOG.log(
          System.Logger.Level.INFO,
          "{0} instance {1} on {2} is back from its ejection",
          service,
          who.endpoint().instance(),
          who.endpoint().node());
    }
  }

  /** To be called every second. */
  void tick(long nowNanos) {
    services.values().forEach(each -> each.tick(nowNanos));
  }
}
