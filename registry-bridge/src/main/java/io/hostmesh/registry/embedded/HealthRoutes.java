package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.hostmesh.registry.embedded.Store.Topic;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/** {@code /v1/health/}. */
final class HealthRoutes {
  private static final Set<String> STATES = Set.of("any", "passing", "warning", "critical");
  private static final List<Topic> ALL = List.of(Topic.NODES, Topic.SERVICES, Topic.CHECKS);

  private final String datacenter;

  HealthRoutes(String datacenter) {
    this.datacenter = datacenter;
  }

  void addTo(Routes routes) {
    routes.under("GET", "/v1/health/service/", new Handler.Read(this::service));
    // This registry has no part of Consul's own mesh.
    routes.under(
        "GET",
        "/v1/health/connect/",
        new Handler.Read(_ -> Query.of(ALL, _ -> Answer.json(Views.array()))));
    routes.under("GET", "/v1/health/state/", new Handler.Read(HealthRoutes::state));
    routes.under(
        "GET",
        "/v1/health/node/",
        new Handler.Read(call -> checks(call, (node, _) -> node.name().equals(call.name()))));
    routes.under(
        "GET",
        "/v1/health/checks/",
        new Handler.Read(
            call -> checks(call, (_, check) -> check.serviceName().equals(call.name()))));
  }

  private Query service(Call call) {
    String name = call.name();
    boolean passing = call.flag("passing");
    Optional<String> tag = call.parameter("tag");
    return Query.of(
        ALL,
        store -> {
          ArrayNode view = Views.array();
          for (StoredNode node : store.nodes().values()) {
            node.instances(name, tag)
                .filter(service -> !passing || passes(node, service))
                .forEach(service -> view.add(Views.health(node, service, datacenter)));
          }
          return Routes.filtered(call, view);
        });
  }

  private static boolean passes(StoredNode node, StoredService service) {
    return node.checks().values().stream()
        .filter(check -> Views.concerns(check, service))
        .allMatch(check -> check.status().equals("passing"));
  }

  private static Query state(Call call) {
    String state = call.name();
    if (!STATES.contains(state)) {
      throw Refusal.badRequest("Invalid health state \"" + state + "\"");
    }
    return checks(call, (_, check) -> state.equals("any") || check.status().equals(state));
  }

  private static Query checks(Call call, BiPredicate<StoredNode, StoredCheck> wanted) {
    return Query.of(
        List.of(Topic.CHECKS),
        store -> {
          ArrayNode view = Views.array();
          for (StoredNode node : store.nodes().values()) {
            node.checks().values().stream()
                .filter(check -> wanted.test(node, check))
                .forEach(check -> view.add(Views.check(node, check)));
          }
          return Routes.filtered(call, view);
        });
  }
}
