package io.hostmesh.agent.life;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.discovery.DirectoryEntry;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.Protection;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import io.hostmesh.model.rules.UpstreamLimits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
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
    upstream(json, view.upstream(entry.service()));
    view.access(entry.service())
        .filter(table -> table != AccessTable.UNHEARD)
        .ifPresent(table -> json.put("access", access(table)));
    return json;
  }

  /** The sections in force, of whichever rules; those that no rule has are left out. */
  static void upstream(JsonObject json, Upstream upstream) {
    upstream
        .balance()
        .ifPresent(
            balance -> {
              balance.policy().ifPresent(policy -> json.put("balance", policy.text()));
              put(json, "hashOn", balance.hashOn());
              balance.slowStart().ifPresent(slow -> json.put("slowStart", slow.toString()));
              balance
                  .panicThreshold()
                  .ifPresent(share -> json.put("panicThreshold", share.toString()));
            });
    upstream.affinity().ifPresent(affinity -> json.put("affinity", affinity.toString()));
    upstream.locality().ifPresent(locality -> json.put("locality", locality.toString()));
    Protection protection = upstream.protection();
    protection
        .limits()
        .filter(UpstreamLimits::isAny)
        .ifPresent(limits -> json.put("limits", limits(limits)));
    protection.retryBudget().ifPresent(budget -> json.put("retryBudget", budget.toString()));
    protection.outliers().ifPresent(outliers -> json.put("outliers", outliers.toString()));
    put(json, "healthChecks", protection.checks());
  }

  private static JsonObject limits(UpstreamLimits limits) {
    JsonObject json = new JsonObject();
    Map<String, Integer> all =
        Map.of(
            "connections", limits.connections(),
            "pending", limits.pending(),
            "requests", limits.requests(),
            "retries", limits.retries());
    new TreeMap<>(all)
        .forEach(
            (name, limit) -> {
              if (limit < UpstreamLimits.UNLIMITED) {
                json.put(name, limit);
              }
            });
    return json;
  }

  private static JsonObject endpoint(Endpoint endpoint) {
    JsonObject json =
        new JsonObject()
            .put("instance", endpoint.instance())
            .put("node", endpoint.node())
            .put("application", text(endpoint.application()))
            .put("healthy", endpoint.healthy())
            .put("weight", endpoint.weight())
            .put("meta", object(endpoint.meta()));
    endpoint.mesh().ifPresent(mesh -> json.put("mesh", text(mesh)));
    if (endpoint.locality().isKnown()) {
      json.put("locality", endpoint.locality().toString());
    }
    return json;
  }

  private static JsonObject route(RouteRule rule) {
    JsonObject subsets = new JsonObject();
    new TreeMap<>(rule.subsets())
        .forEach((name, subset) -> subsets.put(name, object(subset.meta())));
    JsonArray entries = new JsonArray();
    for (RouteRule.Entry entry : rule.entries()) {
      JsonObject json = new JsonObject();
      entry.name().ifPresent(name -> json.put("name", name));
      entry.match().ifPresent(match -> json.put("match", match(match)));
      JsonArray targets = new JsonArray();
      entry
          .targets()
          .forEach(
              target -> {
                JsonObject to =
                    new JsonObject()
                        .put("service", target.service().orElse(rule.service()).toString())
                        .put("subset", target.subset().orElse("*"))
                        .put("weight", target.weight());
                target.fallback().ifPresent(name -> to.put("fallback", name));
                targets.add(to);
              });
      switch (entry.action()) {
        case Action.Forward _ -> json.put("to", targets);
        case Action.Redirect redirect -> json.put("redirect", redirect.toString());
        case Action.Respond respond -> json.put("respond", respond.status());
      }
      if (!entry.handling().equals(Handling.NONE)) {
        json.put("handling", entry.handling().toString());
      }
      entries.add(json);
    }
    return new JsonObject()
        .put("from", rule.origin().file())
        .put("subsets", subsets)
        .put("rules", entries);
  }

  /** What it asks for; what it does not ask for is left out. */
  private static JsonObject match(RequestMatch match) {
    JsonObject json = new JsonObject();
    put(json, "paths", match.paths());
    match.pathRegex().ifPresent(regex -> json.put("pathRegex", regex.text()));
    put(json, "methods", match.methods().stream().sorted().toList());
    new TreeMap<>(match.headers()).forEach((n, v) -> json.put("header " + n, v.toString()));
    new TreeMap<>(match.query()).forEach((n, v) -> json.put("query " + n, v.toString()));
    put(json, "hosts", match.hosts());
    put(json, "sources", match.sources());
    new TreeMap<>(match.sourceMeta()).forEach((n, v) -> json.put("sourceMeta " + n, v));
    return json;
  }

  private static JsonArray access(AccessTable table) {
    JsonArray rules = new JsonArray();
    for (AccessRule rule : table.rules()) {
      JsonObject json = new JsonObject().put("from", rule.origin().file());
      rule.allow().ifPresent(grants -> json.put("allow", grants(grants)));
      json.put("deny", grants(rule.deny())).put("audit", grants(rule.audit()));
      rule.defaultAllow().ifPresent(allows -> json.put("default", allows ? "allow" : "deny"));
      rules.add(json.put("dryRun", rule.dryRun()));
    }
    return rules;
  }

  private static JsonArray grants(List<Grant> grants) {
    JsonArray array = new JsonArray();
    grants.forEach(grant -> array.add(grant(grant)));
    return array;
  }

  /** What it asks for; what it does not ask for is left out. */
  private static JsonObject grant(Grant grant) {
    JsonObject json = new JsonObject();
    grant.name().ifPresent(name -> json.put("name", name));
    if (grant.dryRun()) {
      json.put("dryRun", true);
    }
    put(json, "from", grant.callers().from());
    put(json, "notFrom", grant.callers().notFrom());
    put(json, "sourceNetworks", grant.callers().networks());
    put(json, "ports", grant.callers().ports().stream().sorted().toList());
    put(json, "methods", grant.requests().methods().stream().sorted().toList());
    put(json, "paths", grant.requests().paths());
    put(json, "notPaths", grant.requests().notPaths());
    put(json, "hosts", grant.requests().hosts());
    new TreeMap<>(grant.requests().headers()).forEach((n, v) -> put(json, "header " + n, v));
    put(json, "issuers", grant.users().issuers().stream().sorted().toList());
    put(json, "audiences", grant.users().audiences().stream().sorted().toList());
    new TreeMap<>(grant.users().claims()).forEach((n, v) -> put(json, "claim " + n, v));
    return json;
  }

  private static void put(JsonObject json, String key, List<?> values) {
    if (!values.isEmpty()) {
      json.put(key, strings(values.stream().map(Object::toString).toList()));
    }
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
