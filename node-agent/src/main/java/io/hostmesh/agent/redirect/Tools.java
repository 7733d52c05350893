package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs nft, iptables and ip. Children live in the network namespace of the calling thread, and get
 * its ambient capabilities. Blocks: not for event loops.
 */
final class Tools {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final List<Path> folders;
  private final Map<String, String> environment;

  /** What a tool said. */
  record Answer(int status, String output, String complaint) {
    boolean succeeded() {
      return status == 0;
    }

    /** The first line of its complaint: enough for a sentence of ours. */
    String reason() {
      return complaint
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .findFirst()
          .orElse("status " + status);
    }
  }

  /**
   * @param folders where tools are looked for, first one first
   * @param environment laid over this process's own
   */
  Tools(List<Path> folders, Map<String, String> environment) {
    this.folders = List.copyOf(folders);
    this.environment = Map.copyOf(environment);
  }

  /** The host's own, those that only root has on its path included. */
  static Tools ofHost(Map<String, String> environment) {
    List<Path> folders = new ArrayList<>();
    for (String folder :
        (System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")
            .split(":", -1)) {
      if (!folder.isEmpty() && !folders.contains(Path.of(folder))) {
        folders.add(Path.of(folder));
      }
    }
    return new Tools(folders, environment);
  }

  Optional<Path> find(String tool) {
    return folders.stream().map(f -> f.resolve(tool)).filter(Files::isExecutable).findFirst();
  }

  /** The search path for scripts that call the same tools. */
  String searchPath() {
    return String.join(":", folders.stream().map(Path::toString).toList());
  }

  Map<String, String> environment() {
    return environment;
  }

  Answer run(String... command) {
    return runWith("", command);
  }

  /**
   * Runs a tool and waits for it.
   *
   * @throws UserError where it is not installed, or does not end
   */
  Answer runWith(String input, String... command) {
    return begin(input, command).get();
  }

  /**
   * Runs a tool beside the caller; {@code get} waits for it, and fails as {@link #runWith}.
   *
   * @throws UserError where it is not installed
   */
  Supplier<Answer> begin(String input, String... command) {
    Path tool =
        find(command[0])
            .orElseThrow(
                () ->
                    new UserError(
                        "capture: '"
                            + command[0]
                            + "' is not installed; apt install nftables"
                            + " iproute2 iptables, whichever is missing"));
    List<String> line = new ArrayList<>(List.of(command));
    line.set(0, tool.toString());
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().putAll(environment);
    builder.environment().put("LC_ALL", "C");
    try {
      Process process = builder.start();
      CompletableFuture<String> output = read(process.getInputStream());
      CompletableFuture<String> complaint = read(process.getErrorStream());
      boolean taken = write(process, input);
      return () -> {
        try {
          return answer(process, taken, output, complaint, String.join(" ", command));
        } catch (IOException e) {
          throw cannotRun(tool, e);
        }
      };
    } catch (IOException e) {
      throw cannotRun(tool, e);
    }
  }

  private static UserError cannotRun(Path tool, IOException why) {
    return new UserError("capture: cannot run " + tool + ": " + why.getMessage(), why);
  }

  /**
   * A shell process that outlives this one: in a session of its own, below no folder that is in the
   * way, silent.
   *
   * @param name the process's name for people ({@code $0})
   * @param arguments the script's, {@code $1} first
   */
  ProcessBuilder detached(String script, String name, String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(find("setsid").orElse(Path.of("/usr/bin/setsid")).toString());
    line.addAll(List.of("sh", "-c", script, name));
    line.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.directory(Path.of("/").toFile());
    return builder;
  }

  private static Answer answer(
      Process process,
      boolean taken,
      CompletableFuture<String> output,
      CompletableFuture<String> complaint,
      String command)
      throws IOException {
    try {
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new UserError("capture: '" + command + "' did not end within " + PATIENCE);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + command, e);
    }
    if (!taken && process.exitValue() == 0) {
      throw new IOException("it did not read its input");
    }
    return new Answer(process.exitValue(), output.join(), complaint.join());
  }

  /** Whether the tool took all of it; one that fails early does not. */
  private static boolean write(Process process, String input) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
      return true;
    } catch (IOException e) {
      System.getLogger(Tools.class.getName()).log(System.Logger.Level.DEBUG, "input not taken", e);
      return false;
    }
  }

  private static CompletableFuture<String> read(InputStream stream) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (stream) {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
              } catch (IOException e) {
                text.completeExceptionally(new UncheckedIOException(e));
              }
            });
    return text;
  }
}
