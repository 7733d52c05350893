package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminSocket;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hostmesh lab down}. */
@Command(
    name = "down",
    description = "Stop a lab, or what a crashed one left behind, and remove all of it.")
final class LabDown implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(45);
  private static final Duration QUESTION = Duration.ofSeconds(10);

  @Mixin private LabOption lab = new LabOption();

  @Override
  public Integer call() throws IOException {
    LabOption.requireRoot("take a lab down");
    LabFolder folder = lab.folder();
    if (!Cleanup.isNeeded(folder)) {
      System.out.println("no lab in " + folder.path());
      return 0;
    }
    endSupervisor(folder);
    Cleanup.all(folder);
    System.out.println("lab in " + folder.path() + " is down");
    return 0;
  }

  private static void endSupervisor(LabFolder folder) throws IOException {
    AdminSocket socket = new AdminSocket(folder.socket("lab"), "the lab's supervisor");
    if (!Files.exists(folder.lock()) || isFree(folder)) {
      return;
    }
    Optional<ProcessHandle> process = Optional.empty();
    try {
      long pid = socket.get("/v1/status", QUESTION).getLong("supervisor");
      process = ProcessHandle.of(pid);
      socket.ask("POST", "/v1/down", new JsonObject(), LIMIT);
    } catch (UserError e) {
      System.err.println(e.getMessage() + "; ending it");
    }
    if (!Pause.until(Duration.ofSeconds(5), () -> isFree(folder))) {
      process.ifPresent(ProcessHandle::destroyForcibly);
      if (!Pause.until(Duration.ofSeconds(5), () -> isFree(folder))) {
        throw new UserError(
            "the supervisor of the lab in "
                + folder.path()
                + " does not end; find it with: fuser "
                + folder.lock());
      }
    }
  }

  private static boolean isFree(LabFolder folder) {
    try (FileChannel file = FileChannel.open(folder.lock(), StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      return lock != null;
    } catch (IOException e) {
      throw new UserError(folder.lock() + ": " + e.getMessage(), e);
    }
  }
}
