package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The lab's daemons: how each is made, and those that were started, by name. Safe for any thread.
 */
final class Components {
  private static final Duration DAEMON_LIMIT = Duration.ofSeconds(60);

  private static final List<String> AGENT_CAPABILITIES = List.of("net_admin", "net_raw");

  private final LabFolder folder;
  private final View view;
  private final Distribution programs;
  private final Entry entry;
  private final Uids uids;
  private final DaemonFiles configurations;
  private final ControlPlane control;
  private final Map<String, List<String>> settings;
  private final Map<String, Component> started = new LinkedHashMap<>();

  /**
   * @param settings what was asked for at {@code lab up}, by daemon
   */
  Components(
      LabFolder folder,
      View view,
      Distribution programs,
      Entry entry,
      Uids uids,
      DaemonFiles configurations,
      ControlPlane control,
      Map<String, List<String>> settings) {
    this.folder = folder;
    this.view = view;
    this.programs = programs;
    this.entry = entry;
    this.uids = uids;
    this.configurations = configurations;
    this.control = control;
    this.settings = settings;
  }

  void start(Component component) {
    synchronized (started) {
      started.put(component.name(), component);
    }
    component.start();
  }

  /** All that were started, in that order. */
  List<Component> all() {
    synchronized (started) {
      return List.copyOf(started.values());
    }
  }

  /** A daemon by the name that {@code lab status} shows. */
  Component named(String name) {
    return all().stream()
        .filter(component -> component.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    name
                        + " is none of this lab's daemons: "
                        + String.join(", ", all().stream().map(Component::name).toList())));
  }

  /**
   * Waits until each does its work.
   *
   * @throws UserError naming the one that does not
   */
  void awaitReady() {
    all().forEach(component -> component.awaitReady(DAEMON_LIMIT));
  }

  /** Ends all in an orderly way, agents first. */
  void stop() {
    List<Thread> ends =
        all().reversed().stream().map(each -> Thread.ofVirtual().start(each::stop)).toList();
    for (Thread end : ends) {
      try {
        end.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Made, not started yet. */
  Component citadel() {
    Path config =
        configurations.write(
            DaemonFiles.CITADEL, configurations.citadel(), settings(DaemonFiles.CITADEL));
    return hubDaemon(DaemonFiles.CITADEL, "hostmesh-citadel", config, control.citadel());
  }

  /** Made, not started yet. */
  Component pilot() {
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
                    LabHost.HUB,
                    entry.groups().daemon(name),
                    folder.path(),
                    Entry.powerless(),
                    command),
            environment(),
            List.of(),
            folder.log(name)),
        _ -> answers(admin));
  }

  /** Made, not started yet; its listening sockets are open already. */
  Component agent(LabHost host) {
    String name = host.name();
    List<String> asked = new ArrayList<>(settings(Daemons.AGENT));
    asked.addAll(settings(name));
    Path config = configurations.write(name, configurations.agent(host), asked);
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

  /** What was asked for a daemon at {@code lab up}. */
  List<String> settings(String daemon) {
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
}
