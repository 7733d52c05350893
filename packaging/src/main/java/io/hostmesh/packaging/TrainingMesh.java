package io.hostmesh.packaging;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mesh of one host on loopback, as an unprivileged build can have it: registry, citadel, pilot
 * and an agent that leaves the kernel alone, joined by tokens as in earnest. Each program writes
 * its AOT cache as it ends. What does not come about within its time shortens the training, and
 * nothing else.
 */
record TrainingMesh(Path dist, Path training, Path work) {
  private static final int START_SECONDS = 30;
  private static final int END_SECONDS = 180;
  private static final Pattern RUNS = Pattern.compile(" runs$", Pattern.MULTILINE);
  private static final Pattern AGENT_IS_READY = Pattern.compile("ready, generation");
  private static final List<String> AGENT_PAGES =
      List.of("http://127.0.0.1:25020/metrics", "http://127.0.0.1:25021/readyz");
  private static final Pattern TOKEN = Pattern.compile("\"token\"\\s*:\\s*\"([^\"]+)\"");

  void run() throws IOException, InterruptedException {
    Files.createDirectories(work.resolve("services.d"));
    Deque<Process> running = new ArrayDeque<>();
    try {
      running.push(daemon(Program.REGISTRY));
      running.push(daemon(Program.CITADEL));
      token("{\"kind\":\"pilot\"}", "pilot.token");
      running.push(daemon(Program.PILOT));
      ask("/v1/entitlements", "{\"node\":\"training\",\"allow\":[\"training\"]}");
      token("{\"kind\":\"node\",\"node\":\"training\"}", "node.token");
      running.push(daemon(Program.AGENT));
      await(() -> said(Program.AGENT, AGENT_IS_READY));
      for (String page : AGENT_PAGES) {
        read(page);
      }
      command();
    } finally {
      running.forEach(Process::destroy);
      for (Process process : running) {
        end(process);
      }
    }
  }

  /** Starts a daemon and waits until it says that it runs. */
  private Process daemon(Program program) throws IOException, InterruptedException {
    Path config = training.resolve(program.command() + ".conf");
    Process process = start(program, List.of("--config", config.toString()));
    await(() -> !process.isAlive() || said(program, RUNS));
    return process;
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(Condition condition) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!condition.holds() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static void read(String page) {
    try (InputStream in = URI.create(page).toURL().openStream()) {
      in.readAllBytes();
    } catch (IOException e) {
      System.out.println("AOT training goes on without " + page + ": " + e);
    }
  }

  private void command() throws IOException, InterruptedException {
    end(start(Program.COMMAND, List.of("lab", "status", "--dir", work.toString())));
  }

  private Process start(Program program, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(dist.resolve("runtime/bin/java").toString());
    command.addAll(program.flags());
    command.add("-XX:AOTCacheOutput=" + AotCaches.cache(dist, program));
    command.add("-cp");
    command.add(dist.resolve("lib").resolve(program.command() + ".jar").toString());
    command.add(program.mainClass());
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .directory(work.toFile())
        .redirectErrorStream(true)
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectOutput(log(program).toFile())
        .start();
  }

  private static void end(Process process) throws InterruptedException {
    if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private boolean said(Program program, Pattern what) throws IOException {
    return what.matcher(Files.readString(log(program))).find();
  }

  private Path log(Program program) {
    return work.resolve(program.command() + ".log");
  }

  private void token(String wish, String file) throws IOException {
    Matcher token = TOKEN.matcher(ask("/v1/tokens", wish));
    if (token.find()) {
      Path secret = work.resolve(file);
      Files.deleteIfExists(secret);
      Files.createFile(
          secret,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(secret, token.group(1));
    }
  }

  /** Asks citadel over its admin socket; empty where it does not answer. */
  private String ask(String path, String body) throws IOException {
    // A relative name: those of sockets end at 108 bytes, those of folders do not.
    Path socket =
        Path.of("").toAbsolutePath().relativize(work.resolve("citadel.sock").toAbsolutePath());
    if (!Files.exists(socket)) {
      return "";
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      String request =
          "POST %s HTTP/1.1\r\nHost: citadel\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
              .formatted(path, body.length(), body);
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(request);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
