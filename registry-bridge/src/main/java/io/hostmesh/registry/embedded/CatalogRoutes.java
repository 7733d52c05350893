package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hostmesh.registry.embedded.Store.Topic;
import java.util.List;
import java.util.Optional;

/** {@code /v1/catalog/}. */
final class CatalogRoutes {
  private final Live live;
  private final String datacenter;

  CatalogRoutes(Live live, String datacenter) {
    this.live = live;
    this.datacenter = datacenter;
  }

  void addTo(Routes routes) {
    routes.at("PUT", "/v1/catalog/register", new Handler.Write(this::register));
    routes.at("PUT", "/v1/catalog/deregister", new Handler.Write(this::deregister));
    routes.at("GET", "/v1/catalog/datacenters", new Handler.Read(_ -> datacenters()));
    routes.at(
        "GET",
        "/v1/catalog/services",
        new Handler.Read(
            _ -> Query.of(List.of(Topic.SERVICES), store -> Answer.json(Views.services(store)))));
    routes.under("GET", "/v1/catalog/service/", new Handler.Read(this::service));
    routes.at("GET", "/v1/catalog/nodes", new Handler.Read(this::nodes));
    routes.under("GET", "/v1/catalog/node/", new Handler.Read(this::node));
  }

  private Answer register(Call call) {
    live.change(store -> Registrations.catalog(store, call.payload()));
    return Answer.json(true);
  }

  private Answer deregister(Call call) {
    live.change(store -> Registrations.catalogRemoval(store, call.payload()));
    return Answer.json(true);
  }

  private Query datacenters() {
    return new Query(Store::index, _ -> Answer.json(Views.array().add(datacenter)));
  }

  private Query service(Call call) {
    String name = call.name();
    Optional<String> tag = call.parameter("tag");
    return Query.of(
        List.of(Topic.NODES, Topic.SERVICES),
        store -> {
          ArrayNode view = Views.array();
          for (StoredNode node : store.nodes().values()) {
            node.instances(name, tag)
                .forEach(service -> view.add(Views.instance(node, service, datacenter)));
          }
          return Routes.filtered(call, view);
        });
  }

  private Query nodes(Call call) {
    return Query.of(
        List.of(Topic.NODES),
        store -> {
          ArrayNode view = Views.array();
          store.nodes().values().stream()
              .filter(node -> hasMeta(node, call))
              .forEach(node -> view.add(Views.node(node, datacenter)));
          return Routes.filtered(call, view);
        });
  }

  private static boolean hasMeta(StoredNode node, Call call) {
    return call.query().getAll("node-meta").stream()
        .allMatch(
            wanted -> {
              String[] parts = wanted.split(":", 2);
              return parts.length == 2 && parts[1].equals(node.meta().get(parts[0]));
            });
  }

  private Query node(Call call) {
    return Query.of(
        List.of(Topic.NODES, Topic.SERVICES),
        store ->
            store
                .node(call.name())
                .map(
                    node -> {
                      ObjectNode view = Views.object();
                      view.set("Node", Views.node(node, datacenter));
                      ObjectNode services = view.putObject("Services");
                      node.services()
                          .forEach((id, service) -> services.set(id, Views.service(service)));
                      return Answer.json(view);
                    })
                .orElse(Answer.json(com.fasterxml.jackson.databind.node.NullNode.instance)));
  }
}
