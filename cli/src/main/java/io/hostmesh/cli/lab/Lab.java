package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A running lab: its network, its daemons, its services. One object of the supervisor, which lives
 * as long as the lab. Safe for any thread.
 */
final class Lab {
  private static final Duration DAEMON_LIMIT = Duration.ofSeconds(60);

  private static final List<String> AGENT_CAPABILITIES =
      List.of("net_admin", "net_raw", "net_bind_service");

  private final LabFolder folder;
  private final LabPlan plan;
  private final Distribution programs;
  private final List<LabHost> hosts;
  private final View view;
  private final Uids uids;
  private final HostFiles files;
  private final DaemonFiles configurations;
  private final Entry entry;
  private final Instances instances;
  private final ControlPlane control;
  private final Map<String, List<String>> settings;
  private final Steps steps = new Steps();
  private final Map<String, Component> components = new LinkedHashMap<>();

  Lab(LabFolder folder, LabPlan plan, Distribution programs) {
    this.folder = folder;
    this.plan = plan;
    this.programs = programs;
    this.hosts = LabHost.all(plan.hosts());
    LabId id = folder.id();
    this.view = View.of(id, Map.of("lab", folder.path(), "dist", programs.home()));
    this.uids = new Uids(id);
    this.files = new HostFiles(folder, view, hosts);
    this.configurations = new DaemonFiles(folder, view, plan);
    this.entry = new Entry(id, folder.run().resolve("enter.sh"), files, ControlGroups.of(id));
    this.instances = new Instances(folder, view, entry, files, uids);
    this.control = new ControlPlane(folder);
    this.settings = Daemons.settings(configurations, plan.settings());
  }

  Steps steps() {
    return steps;
  }

  /** Starts everything; returns when each daemon does its work. */
  void start() throws Exception {
    prepareFiles();
    new Network(folder.id()).make(hosts);
    steps.done("network of " + hosts.size() + " hosts");
    Registries registries =
        new Registries(folder, plan, programs, entry, settings(DaemonFiles.REGISTRY));
    registries.components(hosts).forEach(this::add);
    add(citadel());
    components.values().forEach(Component::start);
    awaitReady();
    steps.done("registry and citadel");
    saveToken(DaemonFiles.PILOT, control.token(Optional.empty()));
    add(pilot());
    component(DaemonFiles.PILOT).start();
    for (LabHost host : hosts) {
      saveToken(host.name(), control.token(Optional.of(host.name())));
      Component agent = agent(host);
      add(agent);
      agent.start();
    }
    awaitReady();
    steps.done("pilot and agents");
    steps.complete();
  }

  private void prepareFiles() throws IOException {
    view.make();
    try (var script = Lab.class.getResourceAsStream("enter.sh")) {
      Files.write(entry.script(), java.util.Objects.requireNonNull(script).readAllBytes());
    }
    for (String component : List.of("registry", "citadel", "pilot")) {
      Files.createDirectories(folder.state(component));
      restrict(folder.state(component));
    }
    files.write(LabHost.HUB, uids.all());
    for (LabHost host : hosts) {
      files.write(host, uids.all());
      Files.createDirectories(folder.servicesD(host.name()));
      for (Path own : List.of(folder.state(host.name()), folder.agentRun(host.name()))) {
        Files.createDirectories(own);
        chown(own);
      }
      restrict(folder.state(host.name()));
      Files.createFile(folder.accessLog(host.name()));
      chown(folder.accessLog(host.name()));
    }
  }

  private static void restrict(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
  }

  private void chown(Path path) throws IOException {
    Files.setAttribute(path, "unix:uid", uids.agent());
    Files.setAttribute(path, "unix:gid", uids.agent());
  }

  private void saveToken(String component, String token) throws IOException {
    Path file = configurations.token(component);
    Files.writeString(file, token + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    if (hosts.stream().anyMatch(host -> host.name().equals(component))) {
      chown(file);
    }
  }

  private void add(Component component) {
    synchronized (components) {
      components.put(component.name(), component);
    }
  }

  private List<Component> components() {
    synchronized (components) {
      return List.copyOf(components.values());
    }
  }

  private void awaitReady() {
    for (Component component : components()) {
      if (!Pause.until(DAEMON_LIMIT, component::isReady)) {
        throw new UserError(
            component.name()
                + " is not ready after "
                + DAEMON_LIMIT.toSeconds()
                + " s; see "
                + folder.log(component.name()));
      }
    }
  }

  private Component citadel() {
    Path config =
        configurations.write(
            DaemonFiles.CITADEL, configurations.citadel(), settings(DaemonFiles.CITADEL));
    return hubDaemon(DaemonFiles.CITADEL, "hostmesh-citadel", config, control.citadel());
  }

  private Component pilot() {
    Path config =
        configurations.write(
            DaemonFiles.PILOT, configurations.pilot(), settings(DaemonFiles.PILOT));
    return hubDaemon(DaemonFiles.PILOT, "hostmesh-pilot", config, control.pilot());
  }

  private Component hubDaemon(String name, String program, Path config, AdminSocket admin) {
    List<String> command =
        List.of(programs.program(program).toString(), "--config", config.toString());
    return new Component(
        name,
        new Component.Program(
            () ->
                entry.command(
                    LabHost.HUB, entry.groups().daemon(name), folder.path(), List.of(), command),
            environment(),
            List.of(),
            folder.log(name)),
        _ -> answers(admin));
  }

  private Component agent(LabHost host) {
    String name = host.name();
    Path config = configurations.write(name, configurations.agent(host), settings(Daemons.AGENT));
    List<String> command =
        List.of(
            view.seen(programs.program("hostmesh-agent")).toString(),
            "--config",
            view.seen(config).toString());
    List<ListeningSocket> sockets = AgentSockets.open(folder.id().namespace(name));
    return new Component(
        name,
        new Component.Program(
            () ->
                entry.command(
                    host,
                    entry.groups().daemon(name),
                    folder.path(),
                    Entry.as(uids.agent(), AGENT_CAPABILITIES),
                    command),
            environment(),
            sockets,
            folder.log(name)),
        pid -> agentIsReady(name, pid));
  }

  private List<String> settings(String daemon) {
    return settings.getOrDefault(daemon, List.of());
  }

  private static boolean answers(AdminSocket admin) {
    try {
      return admin.exists()
          && admin.get("/v1/status", Duration.ofSeconds(2)).getBoolean("ready", true);
    } catch (UserError e) {
      return false;
    }
  }

  private boolean agentIsReady(String host, int pid) {
    try {
      AdminSocket admin = control.agent(host);
      if (!admin.exists()) {
        return false;
      }
      JsonObject status = admin.get("/v1/status", Duration.ofSeconds(2));
      return status.getBoolean("ready", true) && status.getInteger("pid", pid) == pid;
    } catch (UserError e) {
      return false;
    }
  }

  /** What daemons need of the supervisor's own environment. */
  static Map<String, String> environment() {
    Map<String, String> env = new TreeMap<>();
    for (String name : List.of("PATH", "LANG", "LC_ALL", "HOSTMESH_JAVA_FLAGS")) {
      String value = System.getenv(name);
      if (value != null) {
        env.put(name, value);
      }
    }
    return env;
  }

  /** A daemon by the name that {@code lab status} shows. */
  Component component(String name) {
    return components().stream()
        .filter(component -> component.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    name
                        + " is none of this lab's daemons: "
                        + String.join(", ", components().stream().map(Component::name).toList())));
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
    LabHost host = meshHost(spec.host());
    instances.check(spec);
    control.allow(host.name(), spec.service());
    RunningInstance instance = instances.start(host, spec);
    instances.declare(instance);
    control.reload(host.name());
    return new Launch(instance, control, hosts).await();
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
    instances.undeclare(chosen);
    control.reload(host.name());
    instances.remove(chosen);
    return new JsonObject().put("removed", chosen.size());
  }

  /** The command line with which {@code lab exec} starts a command on a host. */
  JsonObject entry(
      String hostName, Optional<ServiceName> service, Path workingFolder, List<String> program) {
    LabHost host = service.isPresent() ? meshHost(hostName) : host(hostName);
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
    JsonObject json = steps.json();
    json.put("dir", folder.path().toString());
    json.put("id", folder.id().text());
    json.put("registry", plan.registry().text());
    json.put("supervisor", ProcessHandle.current().pid());
    JsonArray daemons = new JsonArray();
    for (Component component : components()) {
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

  /** Ends the daemons in an orderly way, agents first; services go with the lab's groups. */
  void stop() {
    List<Component> all = new ArrayList<>(components()).reversed();
    List<Thread> ends = all.stream().map(each -> Thread.ofVirtual().start(each::stop)).toList();
    for (Thread end : ends) {
      try {
        end.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
