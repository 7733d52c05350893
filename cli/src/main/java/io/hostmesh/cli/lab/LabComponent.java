package io.hostmesh.cli.lab;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Commands for one daemon of the lab. */
abstract class LabComponent implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Parameters(
      paramLabel = "DAEMON",
      description = "registry, citadel, pilot, h1 for the agent of h1")
  private String component = "";

  @Mixin private LabOption lab = new LabOption();

  private final String verb;
  private final String done;

  LabComponent(String verb, String done) {
    this.verb = verb;
    this.done = done;
  }

  @Override
  public Integer call() {
    lab.supervisor()
        .ask("POST", "/v1/" + verb, new JsonObject().put("component", component), LIMIT);
    System.out.println(component + " " + done);
    return 0;
  }

  @Command(name = "stop", description = "Stop a daemon (SIGTERM) and keep it down.")
  static final class Stop extends LabComponent {
    Stop() {
      super("stop", "is stopped");
    }
  }

  @Command(name = "start", description = "Start a stopped daemon and wait until it is ready.")
  static final class Start extends LabComponent {
    Start() {
      super("start", "is ready");
    }
  }

  @Command(name = "kill", description = "Kill a daemon (SIGKILL); it is started again at once.")
  static final class Kill extends LabComponent {
    Kill() {
      super("kill", "was killed");
    }
  }

  @Command(
      name = "replace",
      description = "Replace a running agent by a new one on the same sockets; the old one drains.")
  static final class Replace extends LabComponent {
    Replace() {
      super("replace", "is replaced");
    }
  }
}
