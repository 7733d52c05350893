package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Registration by catalog writes under the host's own node name, for hosts without a Consul agent
 * (Consul, "Catalog" HTTP API, and its guide to external services). The node's heartbeat is a
 * session, because renewing one costs Consul's servers no write: it binds no check and holds no
 * lock, and {@link DeadNodeReaper} reads from it which hosts are alive.
 */
final class CatalogWay implements RegistrationWay {
  /** How often what stands in the catalog is compared with what shall. */
  private static final int ROUNDS_BETWEEN_AUDITS = 10;

  private final Connections connections;
  private final CatalogWrites writes;
  private final Heartbeat heartbeat;
  private final Map<String, Written> written = new HashMap<>();
  private @Nullable Map<String, CheckReport> inherited;
  private int rounds;

  /**
   * @param home the catalog's node that the service stands under
   */
  private record Written(LocalService service, CatalogNode home, Map<String, CheckStatus> checks) {}

  CatalogWay(Connections connections, RegisteringNode node) {
    this.connections = connections;
    this.writes = new CatalogWrites(connections, node);
    this.heartbeat = new Heartbeat(connections, node);
  }

  @Override
  public Map<String, String> bringAbout(DesiredServices desired) {
    Map<String, CheckReport> reports = new HashMap<>(inherited());
    reports.putAll(desired.reports());
    if (!heartbeat.isAlive()) {
      // Without its session the node may have been expired meanwhile, or the registry emptied.
      written.clear();
      writes.node();
      heartbeat.begin();
      writes.node(); // Alive in spite of whoever judged it between the two.
    } else if (++rounds % ROUNDS_BETWEEN_AUDITS == 0) {
      audit();
    }
    desired.departing().values().forEach(this::remove);
    Map<String, String> refused = new HashMap<>();
    for (LocalService service : desired.services().values()) {
      try {
        keep(service, reports);
      } catch (AdoptionException e) {
        refused.put(service.id(), String.valueOf(e.getMessage()));
      }
    }
    return refused;
  }

  private void keep(LocalService service, Map<String, CheckReport> reports)
      throws AdoptionException {
    Map<String, CheckReport> current = current(service, reports);
    Map<String, CheckStatus> statuses = HashMap.newHashMap(current.size());
    current.forEach((check, report) -> statuses.put(check, report.status()));
    Written before = written.get(service.id());
    if (before != null && before.service().equals(service) && before.checks().equals(statuses)) {
      return;
    }
    CatalogNode home = service.adopted() ? adopted(service) : writes.self();
    writes.service(home, service, current);
    if (before != null) {
      before.checks().keySet().stream()
          .filter(check -> !statuses.containsKey(check))
          .forEach(check -> writes.removeCheck(home.name(), check));
    }
    written.put(service.id(), new Written(service, home, statuses));
  }

  /** The checks that there shall be now, by their id, in the state in which they are. */
  private static Map<String, CheckReport> current(
      LocalService service, Map<String, CheckReport> reports) {
    Map<String, CheckReport> current = new HashMap<>();
    for (LocalCheck check : service.checks()) {
      String id = service.checkId(check.id());
      CheckReport report = reports.get(id);
      if (report != null) {
        current.put(id, report);
      } else if (!service.adopted()) {
        current.put(id, CheckReport.NONE_YET);
      }
    }
    if (service.adopted()) {
      current.put(service.checkId("alive"), CheckReport.ALIVE);
    }
    return current;
  }

  /** What a predecessor wrote last, so that taking over does not turn a check critical. */
  private Map<String, CheckReport> inherited() {
    Map<String, CheckReport> known = inherited;
    if (known == null) {
      known = writes.reports();
      inherited = known;
    }
    return known;
  }

  /** Finds where the service to be adopted stands. */
  private CatalogNode adopted(LocalService service) throws AdoptionException {
    JsonNode instances =
        connections.perform(
            () ->
                connections.raw().get("/v1/catalog/service/" + service.service().name(), Map.of()));
    List<CatalogNode> homes =
        instances
            .valueStream()
            .filter(instance -> instance.path("ServiceID").asText("").equals(service.id()))
            .map(CatalogNode::of)
            .toList();
    Optional<CatalogNode> own = homes.stream().filter(writes.self()::sameHost).findFirst();
    if (own.isPresent() || homes.size() == 1) {
      return own.orElseGet(homes::getFirst);
    }
    throw new AdoptionException(
        "service "
            + service.service()
            + ": adopt = "
            + service.id()
            + ": the catalog at "
            + connections.settings()
            + (homes.isEmpty()
                ? " has no instance of this id; register it, or take adopt out"
                : " has instances of this id on several nodes, none of them this host's"));
  }

  /** Forgets what is no more in the catalog as it was written, so that it is written anew. */
  private void audit() {
    Map<String, CheckReport> there = writes.reports();
    JsonNode services = writes.services();
    if (!there.containsKey(RegistrationMeta.HEARTBEAT_CHECK)) {
      writes.node();
    }
    written
        .values()
        .removeIf(
            w ->
                w.home().equals(writes.self())
                    && (!services.has(w.service().id()) || !agree(w.checks(), there)));
  }

  private static boolean agree(Map<String, CheckStatus> checks, Map<String, CheckReport> there) {
    return checks.entrySet().stream()
        .allMatch(
            check -> {
              CheckReport report = there.get(check.getKey());
              return report != null && report.status() == check.getValue();
            });
  }

  private void remove(LocalService service) {
    Written before = written.remove(service.id());
    if (!service.adopted()) {
      writes.removeService(service.id());
    } else if (before != null) {
      before.checks().keySet().forEach(check -> writes.removeCheck(before.home().name(), check));
    }
  }
}
