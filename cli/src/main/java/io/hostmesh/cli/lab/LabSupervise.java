package io.hostmesh.cli.lab;

import io.hostmesh.runtime.Logs;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The supervisor's own process, which {@code lab up} starts. */
@Command(name = "supervise", hidden = true, description = "What lab up starts.")
final class LabSupervise implements Callable<Integer> {
  @Mixin private LabOption lab = new LabOption();

  @Override
  public Integer call() throws Exception {
    Logs.configure(Logs.Verbosity.INFO);
    int status = Supervisor.run(lab.folder());
    System.exit(status); // Vert.x' threads would keep the process.
    return status;
  }
}
