package io.hostmesh.cli.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** All that {@code lab status} shows. */
record LabReport(
    LabFolder folder,
    LabPlan plan,
    List<LabHost> hosts,
    Steps steps,
    Components components,
    Instances instances) {

  JsonObject json() {
    JsonObject json = steps.json();
    json.put("dir", folder.path().toString());
    json.put("id", folder.id().text());
    json.put("registry", plan.registry().text());
    json.put("supervisor", ProcessHandle.current().pid());
    JsonArray daemons = new JsonArray();
    for (Component component : components.all()) {
      daemons.add(
          new JsonObject()
              .put("name", component.name())
              .put("pid", component.pid())
              .put("state", state(component))
              .put("log", folder.log(component.name()).toString()));
    }
    JsonArray machines = new JsonArray();
    for (LabHost host : hosts) {
      machines.add(
          new JsonObject()
              .put("name", host.name())
              .put("ipv4", host.ipv4())
              .put("ipv6", host.ipv6())
              .put("namespace", folder.id().namespace(host.name()))
              .put("services", services(host)));
    }
    return json.put("daemons", daemons).put("hosts", machines);
  }

  private static String state(Component component) {
    if (component.pid() == 0) {
      return component.isWanted() ? "restarting" : "stopped";
    }
    return component.isReady() ? "ready" : "not ready";
  }

  private JsonArray services(LabHost host) {
    JsonArray services = new JsonArray();
    for (RunningInstance instance : instances.on(host.name())) {
      services.add(
          new JsonObject()
              .put("service", instance.spec().service().toString())
              .put("port", instance.spec().port())
              .put("protocol", instance.spec().protocol().text())
              .put("pid", instance.pid())
              .put("alive", instance.isAlive())
              .put("status", instance.status().orElse(null))
              .put("log", instance.log().toString()));
    }
    return services;
  }
}
