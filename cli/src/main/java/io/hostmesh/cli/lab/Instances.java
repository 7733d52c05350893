package io.hostmesh.cli.lab;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The services' programs on the hosts, and their declarations towards the agents. Safe for any
 * thread; starting and removing go one at a time.
 */
final class Instances {
  private final LabFolder folder;
  private final View view;
  private final Entry entry;
  private final HostFiles files;
  private final Uids uids;
  private final Map<String, RunningInstance> running = new ConcurrentSkipListMap<>();

  Instances(LabFolder folder, View view, Entry entry, HostFiles files, Uids uids) {
    this.folder = folder;
    this.view = view;
    this.entry = entry;
    this.files = files;
    this.uids = uids;
  }

  /** A service's name as files, groups and users have it: a dot stands in no label. */
  static String slug(ServiceName service) {
    return service.toString().replace('/', '.');
  }

  List<RunningInstance> on(String host) {
    return running.values().stream().filter(each -> each.spec().host().equals(host)).toList();
  }

  /**
   * Refuses what cannot be started.
   *
   * @throws UserError where a running program has the port, or a user or file is not there
   */
  void check(InstanceSpec spec) {
    for (RunningInstance other : on(spec.host())) {
      if (other.spec().port() == spec.port() && other.isAlive()) {
        throw new UserError(
            "port %d of %s is taken by %s; stop it (hostmesh lab rm %s %s --port %d) or use another"
                .formatted(
                    spec.port(),
                    spec.host(),
                    other.spec().service(),
                    spec.host(),
                    other.spec().service(),
                    spec.port()));
      }
    }
    spec.user().ifPresent(Instances::checkUser);
    for (Path copy : spec.copies()) {
      if (!Files.isReadable(copy)) {
        throw new UserError("--copy " + copy + ": no such file");
      }
    }
  }

  private static void checkUser(String user) {
    try {
      FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(user);
    } catch (IOException e) {
      throw new UserError("--user " + user + ": this machine has no such user", e);
    }
  }

  /** Programs that have ended at the port that a new one is to have. */
  List<RunningInstance> ended(InstanceSpec spec) {
    return on(spec.host()).stream()
        .filter(other -> other.spec().port() == spec.port() && !other.isAlive())
        .toList();
  }

  /** Starts the program; its agent does not know of it yet. */
  synchronized RunningInstance start(LabHost host, InstanceSpec spec) {
    Path home = folder.home(host.name(), slug(spec.service()), spec.port());
    int uid = uids.of(slug(spec.service()));
    files.users(host, uids.all());
    prepare(home, spec, uid);
    Path group = entry.groups().instance(host.name(), slug(spec.service()), spec.port());
    List<String> user = spec.user().map(Entry::as).orElseGet(() -> Entry.as(uid));
    String mounts = isRoot(spec) ? "" : Openings.of(spec.command()).script();
    List<String> command =
        entry.command(host, group, view.seen(home), user, spec.command(), mounts);
    Map<String, String> env =
        isRoot(spec) ? new TreeMap<>(spec.env()) : Openings.reachable(spec.env());
    env.put("HOME", view.seen(home).toString());
    RunningInstance instance = new RunningInstance(spec, group, home.resolve("output.log"));
    instance.started(Posix.spawn(command, env, instance.log(), List.of()));
    running.put(key(spec), instance);
    return instance;
  }

  private static boolean isRoot(InstanceSpec spec) {
    return spec.user().filter(user -> user.equals("root") || user.equals("0")).isPresent();
  }

  private static void prepare(Path home, InstanceSpec spec, int uid) {
    try {
      Files.createDirectories(home);
      for (Path copy : spec.copies()) {
        Path to = home.resolve(copy.getFileName());
        Files.copy(copy, to, StandardCopyOption.REPLACE_EXISTING);
      }
      String owner = spec.user().map(user -> user + ":").orElse(uid + ":" + uid);
      Shell.run("chown", "-R", owner, home.toString());
    } catch (IOException e) {
      throw new UserError(home + ": cannot be made: " + e, e);
    }
  }

  /** Declares an instance towards its host's agent, which is to be told to look. */
  void declare(RunningInstance instance) {
    InstanceSpec spec = instance.spec();
    Optional<Integer> uid =
        spec.user().isPresent() ? Optional.empty() : Optional.of(uids.of(slug(spec.service())));
    String text = spec.definition(entry.groups().name(instance.group()), uid);
    write(declaration(spec), text);
  }

  /**
   * Declares a service that only calls, for the commands of {@code lab exec --as}.
   *
   * @return whether that is new
   */
  synchronized boolean declareCaller(LabHost host, ServiceName service) {
    int uid = uids.of(slug(service));
    files.users(host, uids.all());
    Path file = folder.servicesD(host.name()).resolve(slug(service) + "-exec.conf");
    if (Files.exists(file)) {
      return false;
    }
    Path group = entry.groups().client(host.name(), slug(service));
    entry.groups().make(group);
    write(
        file,
        "service {\n  name = %s\n  namespace = %s\n  workload { cgroup = %s, user = %d }\n}\n"
            .formatted(
                InstanceSpec.quoted(service.name()),
                InstanceSpec.quoted(service.namespace()),
                InstanceSpec.quoted(entry.groups().name(group)),
                uid));
    return true;
  }

  /** Takes the declarations of these instances away. */
  void undeclare(List<RunningInstance> instances) {
    try {
      for (RunningInstance instance : instances) {
        Files.deleteIfExists(declaration(instance.spec()));
      }
    } catch (IOException e) {
      throw new UserError("cannot undeclare: " + e, e);
    }
  }

  /** Ends the programs. */
  synchronized void remove(List<RunningInstance> instances) {
    for (RunningInstance instance : instances) {
      ControlGroups.remove(instance.group());
      running.remove(key(instance.spec()));
    }
  }

  private Path declaration(InstanceSpec spec) {
    return folder
        .servicesD(spec.host())
        .resolve(slug(spec.service()) + "-" + spec.port() + ".conf");
  }

  private static String key(InstanceSpec spec) {
    return spec.host() + "/" + spec.service().full() + "/" + spec.port();
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Path next = file.resolveSibling("." + file.getFileName() + ".new");
      Files.writeString(next, text);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be written: " + e, e);
    }
  }
}
