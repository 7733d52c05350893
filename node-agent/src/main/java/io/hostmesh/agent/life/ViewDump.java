package io.hostmesh.agent.life;

import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RouteRule;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** The mesh as the agent knows it, for people. */
final class ViewDump {
  private ViewDump() {}

  static JsonObject json(MeshView view) {
    JsonObject json = new JsonObject();
    view.settings()
        .ifPresent(
            settings ->
                json.put(
                    "mesh",
                    new JsonObject()
                        .put("trustDomain", settings.trustDomain())
                        .put("datacenter", settings.datacenter())
                        .put("defaultAccess", settings.defaultAllow() ? "allow" : "deny")
                        .put("mode", settings.strict() ? "strict" : "permissive")));
    JsonArray services = new JsonArray();
    view.directory().forEach(entry -> services.add(service(view, entry)));
    return json.put("services", services);
  }

  private static JsonObject service(MeshView view, DirectoryEntry entry) {
    JsonObject json =
        new JsonObject()
            .put("service", entry.service().full())
            .put("datacenter", entry.datacenter())
            .put("protocol", entry.protocol().text())
            .put(
                "virtualAddresses",
                strings(entry.virtualAddresses().stream().map(a -> a.getHostAddress()).toList()))
            .put("addresses", strings(entry.addresses().stream().map(ViewDump::text).toList()));
    view.endpoints(entry.service())
        .ifPresent(
            endpoints -> {
              JsonArray array = new JsonArray();
              endpoints.forEach(endpoint -> array.add(endpoint(endpoint)));
              json.put("endpoints", array);
            });
    view.route(entry.service()).ifPresent(table -> json.put("route", route(table.rule())));
    view.access(entry.service()).ifPresent(table -> json.put("access", access(table.rule())));
    return json;
  }

  private static JsonObject endpoint(Endpoint endpoint) {
    JsonObject json =
        new JsonObject()
            .put("instance", endpoint.instance())
            .put("node", endpoint.node())
            .put("application", text(endpoint.application()))
            .put("healthy", endpoint.healthy())
            .put("meta", object(endpoint.meta()));
    endpoint.mesh().ifPresent(mesh -> json.put("mesh", text(mesh)));
    return json;
  }

  private static JsonObject route(RouteRule rule) {
    JsonObject subsets = new JsonObject();
    new TreeMap<>(rule.subsets())
        .forEach((name, subset) -> subsets.put(name, object(subset.meta())));
    JsonArray entries = new JsonArray();
    for (RouteRule.Entry entry : rule.entries()) {
      JsonObject json = new JsonObject();
      entry
          .match()
          .ifPresent(
              match -> {
                JsonObject conditions = new JsonObject().put("headers", object(match.headers()));
                match.path().ifPresent(path -> conditions.put("path", path.text()));
                json.put("match", conditions);
              });
      JsonArray targets = new JsonArray();
      entry
          .targets()
          .forEach(
              target ->
                  targets.add(
                      new JsonObject()
                          .put("subset", target.subset().orElse("*"))
                          .put("weight", target.weight())));
      entries.add(json.put("to", targets));
    }
    return new JsonObject()
        .put("from", rule.origin().file())
        .put("subsets", subsets)
        .put("rules", entries);
  }

  private static JsonObject access(AccessRule rule) {
    JsonArray grants = new JsonArray();
    for (AccessRule.Grant grant : rule.allow()) {
      grants.add(
          new JsonObject()
              .put("from", strings(grant.from().stream().map(s -> s.full()).sorted().toList()))
              .put("methods", strings(grant.methods().stream().sorted().toList()))
              .put("paths", strings(grant.paths().stream().map(p -> p.text()).toList())));
    }
    return new JsonObject().put("from", rule.origin().file()).put("allow", grants);
  }

  private static JsonArray strings(Collection<String> texts) {
    JsonArray array = new JsonArray();
    texts.forEach(array::add);
    return array;
  }

  private static JsonObject object(Map<String, String> map) {
    JsonObject json = new JsonObject();
    new TreeMap<>(map).forEach(json::put);
    return json;
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
