package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.Libc;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A process of its own that captures, says how it went, and lives until it is killed. */
final class CaptureProcess implements AutoCloseable {
  private final Process process;

  private CaptureProcess(Process process) {
    this.process = process;
  }

  static CaptureProcess start(TestHost host, CaptureBackend backend, Path folder, String within)
      throws Exception {
    return start(host, List.of(), System.getProperty("java.class.path"), backend, folder, within);
  }

  /** As a user who may read nothing that is root's: the classes are copied for it. */
  static CaptureProcess asUser(
      TestHost host, CaptureBackend backend, Path folder, int uid, boolean capable)
      throws Exception {
    List<String> classPath = new ArrayList<>();
    for (Class<?> type :
        List.of(CaptureProcess.class, Capture.class, Libc.class, AddressRange.class)) {
      // A folder of classes, or an archive where the module was packaged before.
      Path copied = folder.resolve("classes-" + classPath.size());
      copy(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()), copied);
      classPath.add(copied.toString());
    }
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    List<String> user =
        new ArrayList<>(
            List.of("setpriv", "--reuid", "" + uid, "--regid", "" + uid, "--clear-groups"));
    user.addAll(
        capable
            ? List.of("--inh-caps", "+net_admin", "--ambient-caps", "+net_admin")
            : List.of("--inh-caps", "-all", "--bounding-set", "-all"));
    Path run = folder.resolve("run");
    return start(
        host, user, String.join(java.io.File.pathSeparator, classPath), backend, run, "0s");
  }

  private static CaptureProcess start(
      TestHost host,
      List<String> wrapper,
      String classPath,
      CaptureBackend backend,
      Path folder,
      String within)
      throws Exception {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            classPath,
            CaptureProcess.class.getName(),
            backend.name(),
            folder.toString(),
            "PT" + within));
    return new CaptureProcess(
        host.call(
            () ->
                new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start()));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Path target = to.resolve(from.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(target);
        } else if (!Files.exists(target)) {
          Files.copy(each, target);
        }
      }
    }
  }

  String says() throws IOException {
    return String.valueOf(
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine());
  }

  /** Kills it, as kill -9 does. */
  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }

  static void main(String[] args) throws IOException {
    try {
      Capture capture = Capture.open(CaptureBackend.valueOf(args[0]), Path.of(args[1]));
      boolean awaited =
          capture.apply(
              TestPlan.mesh(), Duration.parse(args[2].toUpperCase(java.util.Locale.ROOT)));
      if (!awaited) {
        capture.guardDns(Duration.ofMillis(500));
      }
      System.out.println("awaited " + awaited);
    } catch (UserError e) {
      System.out.println(e.getMessage());
    }
    System.in.read();
  }
}
