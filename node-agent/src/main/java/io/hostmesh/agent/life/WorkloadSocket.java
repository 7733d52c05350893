package io.hostmesh.agent.life;

import io.hostmesh.agent.workloadapi.WorkloadApi;
import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Where applications find the Workload API: one path, which each generation of the agent takes over
 * from the one before, so that there is always somebody behind it. Blocking.
 */
final class WorkloadSocket implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(WorkloadSocket.class.getName());

  private final WorkloadApi api;
  private final Path path;
  private final Object inode;

  private WorkloadSocket(WorkloadApi api, Path path, Object inode) {
    this.api = api;
    this.path = path;
    this.inode = inode;
  }

  /**
   * Listens, and takes the path over once that is so.
   *
   * @throws UserError where the path cannot be used
   */
  static WorkloadSocket open(WorkloadApi api, Path path, long generation)
      throws InterruptedException {
    Path fresh = path.resolveSibling(path.getFileName() + "." + generation);
    try {
      Path folder = path.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      Files.deleteIfExists(fresh);
      api.listen(fresh.toString())
          .toCompletionStage()
          .toCompletableFuture()
          .get(10, TimeUnit.SECONDS);
      // Everyone may connect: what a caller gets is decided by who it is.
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-rw-rw-"));
      Object inode = Files.getAttribute(fresh, "unix:ino");
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return new WorkloadSocket(api, path, inode);
    } catch (IOException | TimeoutException e) {
      throw unusable(path, e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UserError known ? known : unusable(path, e);
    }
  }

  private static UserError unusable(Path path, Exception e) {
    return new UserError(
        "workload-api.socket: cannot make "
            + path
            + ": "
            + e
            + "; give its folder to the agent's user, or set workload-api.enabled = false",
        e);
  }

  /** Takes the path away, unless a newer generation has made it its own. */
  @Override
  public void close() {
    try {
      if (Files.exists(path) && inode.equals(Files.getAttribute(path, "unix:ino"))) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "the socket of the Workload API stays", e);
    }
    api.close();
  }
}
