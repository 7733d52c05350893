package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh lab up}. */
@Command(
    name = "up",
    sortOptions = false,
    description = "Start a lab: hosts h1 to hN, registry, citadel, pilot, an agent a host.",
    footer = {
      "",
      "Settings are HOCON and go to each daemon that knows the key; agent., pilot., citadel. and",
      "registry. in front of a key mean that daemon only, h2. the agent of that host.",
      "",
      "Example:",
      "  hostmesh lab up --hosts 3 --registry consul -- mesh.default-access=deny capture.backend=nft"
    })
final class LabUp implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(150);
  private static final Duration STATUS = Duration.ofSeconds(10);

  @Option(
      names = "--hosts",
      paramLabel = "N",
      description = "how many, 1 to 50 (default: ${DEFAULT-VALUE})")
  private int hosts = 2;

  @Option(
      names = "--registry",
      paramLabel = "WHICH",
      description = "embedded, consul, or consul=HOST:PORT (default: ${DEFAULT-VALUE})")
  private String registry = "embedded";

  @Mixin private LabOption lab = new LabOption();

  @Parameters(paramLabel = "SETTING", description = "HOCON, after --: key=value", arity = "0..*")
  private List<String> settings = List.of();

  @Override
  public Integer call() throws IOException {
    LabOption.requireRoot("start a lab");
    LabPlan plan = plan();
    LabFolder folder = lab.folder();
    Map<String, List<String>> _ =
        Daemons.settings(new DaemonFiles(folder, new View(Map.of()), plan), settings);
    long began = System.nanoTime();
    try (FileChannel file = lockFile(folder);
        FileLock lock = file.tryLock()) {
      if (lock == null) {
        throw new UserError(
            "a lab is up in "
                + folder.path()
                + "; take it down first (hostmesh lab down --dir "
                + folder.path()
                + "), or use another --dir");
      }
      if (Files.exists(folder.plan()) || Cleanup.isNeeded(folder)) {
        System.out.println("removing what an earlier lab left behind");
        Cleanup.machine(folder);
        folder.clear();
      }
      folder.prepare();
      plan.write(folder.plan());
    }
    follow(folder, supervise(folder), began);
    return 0;
  }

  private LabPlan plan() {
    if (hosts < 1 || hosts > LabHost.MAX) {
      throw new UserError("--hosts " + hosts + " is not within 1 to " + LabHost.MAX);
    }
    try {
      RegistryChoice choice = RegistryChoice.parse(registry);
      if (choice instanceof RegistryChoice.Consul) {
        Path _ = ConsulProgram.find();
      }
      return new LabPlan(hosts, choice, settings);
    } catch (IllegalArgumentException e) {
      throw new UserError("--registry: " + e.getMessage(), e);
    }
  }

  private static FileChannel lockFile(LabFolder folder) throws IOException {
    folder.prepare();
    return FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Starts the supervisor, out of reach of this terminal. */
  private static Process supervise(LabFolder folder) throws IOException {
    Path log = folder.log("supervisor");
    return new ProcessBuilder(
            "setsid",
            Distribution.own().program("hostmesh").toString(),
            "lab",
            "supervise",
            "--dir",
            folder.path().toString())
        .directory(Path.of("/").toFile())
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .redirectErrorStream(true)
        .start();
  }

  private static void follow(LabFolder folder, Process supervisor, long began) {
    AdminSocket socket = new AdminSocket(folder.socket("lab"), "the lab's supervisor");
    int[] shown = {0};
    boolean settled =
        Pause.until(
            LIMIT,
            () -> {
              if (!supervisor.isAlive()) {
                throw new UserError(
                    "the lab's supervisor ended with status "
                        + supervisor.exitValue()
                        + "; see "
                        + folder.log("supervisor")
                        + "; then: hostmesh lab down");
              }
              return status(socket).map(status -> progress(status, shown)).orElse(false);
            });
    if (!settled) {
      throw new UserError(
          "the lab is not up after "
              + LIMIT.toSeconds()
              + " s; see: hostmesh lab status, and the logs in "
              + folder.log("supervisor").getParent());
    }
    System.out.printf(
        "lab up in %.1f s, in %s%n", (System.nanoTime() - began) / 1e9, folder.path());
  }

  /** Empty as long as the supervisor does not answer: its socket is there before it listens. */
  private static Optional<JsonObject> status(AdminSocket socket) {
    try {
      return socket.exists() ? Optional.of(socket.get("/v1/status", STATUS)) : Optional.empty();
    } catch (UserError e) {
      return Optional.empty();
    }
  }

  /** Shows what is new; whether the lab is up. */
  private static boolean progress(JsonObject status, int[] shown) {
    JsonArray steps = status.getJsonArray("steps");
    for (; shown[0] < steps.size(); shown[0]++) {
      JsonObject step = steps.getJsonObject(shown[0]);
      System.out.printf("  %-32s %5.1f s%n", step.getString("what"), step.getDouble("at"));
    }
    if (status.getString("state").equals("failed")) {
      throw new UserError(
          "the lab could not be started: "
              + status.getString("error")
              + "; what is there is removed by: hostmesh lab down");
    }
    return status.getString("state").equals("up");
  }
}
