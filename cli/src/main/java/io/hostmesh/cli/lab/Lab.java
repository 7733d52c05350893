package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A running lab: its network, its daemons, its services. One object of the supervisor, which lives
 * as long as the lab. Safe for any thread.
 */
final class Lab {
  private final LabFolder folder;
  private final LabPlan plan;
  private final Distribution programs;
  private final List<LabHost> hosts;
  private final View view;
  private final Uids uids;
  private final LabFiles files;
  private final DaemonFiles configurations;
  private final Entry entry;
  private final Instances instances;
  private final ControlPlane control;
  private final Steps steps = new Steps();
  private final Components components;

  Lab(LabFolder folder, LabPlan plan, Distribution programs) {
    this.folder = folder;
    this.plan = plan;
    this.programs = programs;
    this.hosts = LabHost.all(plan.hosts());
    LabId id = folder.id();
    this.view = View.of(id, Map.of("lab", folder.path(), "dist", programs.home()));
    this.uids = new Uids(id);
    HostFiles hostFiles = new HostFiles(folder, view, hosts);
    this.configurations = new DaemonFiles(folder, view, plan);
    this.entry = new Entry(id, folder.run().resolve("enter.sh"), hostFiles, ControlGroups.of(id));
    this.files = new LabFiles(folder, hosts, uids, entry);
    this.instances = new Instances(folder, view, entry, hostFiles, uids);
    this.control = new ControlPlane(folder);
    this.components =
        new Components(
            folder,
            view,
            programs,
            entry,
            uids,
            configurations,
            control,
            Daemons.settings(configurations, plan.settings()));
  }

  Steps steps() {
    return steps;
  }

  /** Starts everything; returns when each daemon does its work. */
  void start() throws Exception {
    view.make();
    files.prepare();
    new Network(folder.id()).make(hosts);
    steps.done("network of " + hosts.size() + " hosts");
    Registries registries =
        new Registries(folder, plan, programs, entry, components.settings(DaemonFiles.REGISTRY));
    registries.start(components, hosts, files);
    components.start(components.citadel());
    components.awaitReady();
    steps.done("registry and citadel");
    saveToken(DaemonFiles.PILOT, control.token(Optional.empty()));
    components.start(components.pilot());
    for (LabHost host : hosts) {
      saveToken(host.name(), control.token(Optional.of(host.name())));
      components.start(components.agent(host));
    }
    components.awaitReady();
    steps.done("pilot and agents");
    steps.complete();
  }

  private void saveToken(String component, String token) throws IOException {
    files.saveToken(component, configurations.token(component), token);
  }

  Components components() {
    return components;
  }

  LabHost host(String name) {
    if (name.equals(LabHost.HUB.name())) {
      return LabHost.HUB;
    }
    return hosts.stream()
        .filter(host -> host.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "host "
                        + name
                        + " is not in this lab: it has "
                        + String.join(", ", hosts.stream().map(LabHost::name).toList())));
  }

  private LabHost meshHost(String name) {
    LabHost host = host(name);
    if (host.isHub()) {
      throw new UserError("the hub has no agent, so no service can run there; use h1 for instance");
    }
    return host;
  }

  /** Starts an instance of a service, and waits until every agent knows it. */
  JsonObject run(InstanceSpec spec) {
    steps.requireUp();
    LabHost host = meshHost(spec.host());
    instances.check(spec);
    withdraw(host, instances.ended(spec));
    control.allow(host.name(), spec.service());
    RunningInstance instance = instances.start(host, spec);
    instances.declare(instance);
    control.reload(host.name());
    try {
      return new Launch(instance, control, hosts).await();
    } catch (UserError e) {
      if (!instance.isAlive()) {
        withdraw(host, List.of(instance));
      }
      throw e;
    }
  }

  private void withdraw(LabHost host, List<RunningInstance> chosen) {
    if (!chosen.isEmpty()) {
      instances.undeclare(chosen);
      control.reload(host.name());
      instances.remove(chosen);
    }
  }

  /** Ends instances and takes them out of the mesh. */
  JsonObject remove(String hostName, ServiceName service, Optional<Integer> port) {
    LabHost host = meshHost(hostName);
    List<RunningInstance> chosen =
        instances.on(host.name()).stream()
            .filter(each -> each.spec().service().equals(service))
            .filter(each -> port.isEmpty() || each.spec().port() == port.get())
            .toList();
    if (chosen.isEmpty()) {
      throw new UserError(
          "no instance of "
              + service
              + port.map(p -> " at port " + p).orElse("")
              + " runs on "
              + host.name());
    }
    withdraw(host, chosen);
    return new JsonObject().put("removed", chosen.size());
  }

  /** The command line with which {@code lab exec} starts a command on a host. */
  JsonObject entry(
      String hostName, Optional<ServiceName> service, Path workingFolder, List<String> program) {
    LabHost host = service.isPresent() ? meshHost(hostName) : host(hostName);
    if (service.isPresent()) {
      steps.requireUp();
    }
    Path group = entry.groups().shell(host.name());
    List<String> user = List.of();
    String mounts = "";
    if (service.isPresent()) {
      ServiceName name = service.get();
      if (instances.declareCaller(host, name)) {
        control.allow(host.name(), name);
        control.reload(host.name());
        new Launch.Caller(name, host.name(), control).await();
      }
      group = entry.groups().client(host.name(), Instances.slug(name));
      user = Entry.as(uids.of(Instances.slug(name)));
      List<String> words = new ArrayList<>(program);
      words.add(workingFolder.toString());
      mounts = Openings.of(words).script();
    }
    return new JsonObject()
        .put(
            "prefix",
            new JsonArray(entry.command(host, group, workingFolder, user, List.of(), mounts)));
  }

  /** All that {@code lab status} shows. */
  JsonObject status() {
    return new LabReport(folder, plan, hosts, steps, components, instances).json();
  }

  /** Ends the daemons in an orderly way, agents first; services go with the lab's groups. */
  void stop() {
    components.stop();
  }
}
