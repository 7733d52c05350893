package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A lab of its own for a story, driven by the built {@code ./hostmesh} as a person would: on a real
 * Consul whose access control denies by default, unless the story says otherwise or Consul is left
 * out. What an earlier, killed run of the story left is removed first.
 */
final class Lab implements AutoCloseable {
  static final Path ROOT =
      Path.of(System.getProperty("hostmesh.root", "..")).toAbsolutePath().normalize();

  private static final Duration LONG = Duration.ofMinutes(3);

  private static final boolean WITHOUT_CONSUL =
      List.of(System.getProperty("hostmesh.tests.excluded", "").split(",", -1)).contains("consul");

  private final Path dir;

  private Lab(Path dir) {
    this.dir = dir;
  }

  /** What a command did. */
  record Result(int status, String out) {
    /** Fails with all that it wrote, unless it ended with 0. */
    Result ok() {
      assertThat(status).as(out).isZero();
      return this;
    }

    List<String> lines() {
      return out.lines().toList();
    }
  }

  /**
   * @param story names its folder: unique among stories
   */
  static Lab named(String story) {
    return new Lab(Path.of("/var/lib/hostmesh-e2e-" + story));
  }

  /**
   * A lab that is up.
   *
   * @param arguments of {@code lab up}
   */
  static Lab up(String story, String... arguments) throws IOException {
    return upWith(Map.of(), story, arguments);
  }

  /**
   * The same.
   *
   * @param environment of the lab, beside the story's own
   */
  static Lab upWith(Map<String, String> environment, String story, String... arguments)
      throws IOException {
    Lab lab = named(story);
    lab.hostmesh("lab", "down").ok();
    List<String> command = new ArrayList<>(List.of("lab", "up"));
    if (!WITHOUT_CONSUL && !List.of(arguments).contains("--registry")) {
      consul();
      command.addAll(List.of("--registry", "consul"));
    }
    command.addAll(List.of(arguments));
    run(environment, "", lab.command(command.toArray(String[]::new))).ok();
    return lab;
  }

  Path dir() {
    return dir;
  }

  /** Runs {@code ./hostmesh} for this lab. */
  Result hostmesh(String... arguments) throws IOException {
    return run("", command(arguments));
  }

  /** As {@link #hostmesh} with something on standard input. */
  Result hostmeshWith(String input, String... arguments) throws IOException {
    return run(input, command(arguments));
  }

  /** {@code --dir} goes before the program that a command may name. */
  List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("hostmesh").toString());
    List<String> given = List.of(arguments);
    int end = given.indexOf("--");
    int options = end < 0 ? given.size() : end;
    command.addAll(given.subList(0, options));
    command.addAll(List.of("--dir", dir.toString()));
    command.addAll(given.subList(options, given.size()));
    return command;
  }

  /** Consul's program, built where there is none. */
  static String consul() throws IOException {
    return run(
            "", List.of("sh", "-c", "command -v consul || " + ROOT.resolve("tools/consul/build")))
        .ok()
        .lines()
        .getLast();
  }

  /**
   * A request for a key of the registry, as somebody who has got hold of pilot's token and with it
   * the right to write rules.
   *
   * @param path below {@code hostmesh/}
   * @param body of a PUT; empty for none
   */
  Result kv(String method, String path, String body) throws IOException {
    Path file = Files.createTempFile("hostmesh-e2e", ".kv");
    try {
      Files.writeString(file, body);
      return on(
          "hub",
          "curl -sS -f --max-time 10 -X "
              + method
              + " -H \"X-Consul-Token: $(cat "
              + dir.resolve("state/pilot/consul.token")
              + " 2> /dev/null)\""
              + (body.isEmpty() ? "" : " --data-binary @" + file)
              + " 'http://127.0.0.1:8500/v1/kv/hostmesh/"
              + path
              + "'");
    } finally {
      Files.delete(file);
    }
  }

  /** A shell line on a host, as a service. */
  Result as(String service, String host, String script) throws IOException {
    return hostmesh("lab", "exec", host, "--as", service, "--", "sh", "-c", script);
  }

  /** A shell line on a host, as nobody's service. */
  Result on(String host, String script) throws IOException {
    return hostmesh("lab", "exec", host, "--", "sh", "-c", script);
  }

  /** A shell line that goes on while the story does other things. */
  Process begin(String service, String host, String script, Path output) throws IOException {
    return new ProcessBuilder(
            command("lab", "exec", host, "--as", service, "--", "sh", "-c", script))
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /** Applies a rule. */
  Result apply(String rule) throws IOException {
    return hostmeshWith(rule, "apply", "-f", "-");
  }

  /** Starts a service's program. */
  Result run(
      String host,
      String service,
      int port,
      String protocol,
      List<String> options,
      String... program)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "lab",
                "run",
                host,
                service,
                "--port",
                Integer.toString(port),
                "--protocol",
                protocol));
    command.addAll(options);
    command.add("--");
    command.addAll(List.of(program));
    return hostmesh(command.toArray(String[]::new));
  }

  static Result run(String input, List<String> command) throws IOException {
    return run(Map.of(), input, command);
  }

  private static Result run(Map<String, String> environment, String input, List<String> command)
      throws IOException {
    Path output = Files.createTempFile("hostmesh-e2e", ".out");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // It ended without reading.
      }
      if (!process.waitFor(LONG.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError(command + " did not end; it wrote: " + Files.readString(output));
      }
      return new Result(process.exitValue(), Files.readString(output));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** Asks until the condition holds. */
  static void within(Duration limit, String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("waited for: " + what).isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  /** The end of a daemon's log, for messages. */
  String log(String component) throws IOException {
    Path log = dir.resolve("log").resolve(component + ".log");
    return Files.exists(log) ? Files.readString(log) : "";
  }

  @Override
  public void close() throws IOException {
    hostmesh("lab", "down").ok();
    assertThat(dir).doesNotExist();
  }
}
