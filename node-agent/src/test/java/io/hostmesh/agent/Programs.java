package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Unmodified programs beside two agents of this process. What was started ends with it. */
final class Programs implements AutoCloseable {
  private final Path folder;
  private final List<Process> running = new ArrayList<>();
  private int count;

  /**
   * @param folder for what they write
   */
  Programs(Path folder) {
    this.folder = folder;
  }

  /** A port that nobody has at the moment. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts a server and waits until it listens. */
  void serve(int port, String... command) throws IOException {
    Path output = folder.resolve("server-" + ++count + ".txt");
    Process process = start(output, command);
    Eventually.holds(List.of(command) + " listens", () -> listens(port) || !process.isAlive());
    assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
  }

  private static boolean listens(int port) {
    try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private Process start(Path output, String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    running.add(process);
    return process;
  }

  /** Runs a program to its end, which is a good one; what it wrote. */
  String run(String... command) throws IOException, InterruptedException {
    Path output = folder.resolve("run-" + ++count + ".txt");
    Process process = start(output, command);
    boolean ended = process.waitFor(50, TimeUnit.SECONDS);
    String said = Files.readString(output, java.nio.charset.StandardCharsets.ISO_8859_1);
    assertThat(ended).as(List.of(command) + " ends; it wrote: " + said).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  @Override
  public void close() {
    for (Process process : running) {
      List<ProcessHandle> workers = process.descendants().toList(); // As nginx has.
      process.destroyForcibly();
      workers.forEach(ProcessHandle::destroyForcibly);
    }
    running.forEach(process -> process.onExit().join());
  }
}
