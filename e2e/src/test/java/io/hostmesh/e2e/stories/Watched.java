package io.hostmesh.e2e.stories;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Calls that go on while rules change, and that tell when they noticed, by the machine's clock in
 * milliseconds: so that what a change needs can be measured without the time of the command that
 * makes it.
 */
final class Watched implements AutoCloseable {
  private static final String LIMIT_SECONDS = "60";

  private final Process process;
  private final BufferedReader out;

  private Watched(Lab lab, String host, String caller, Path script, String... arguments)
      throws IOException {
    List<String> line =
        new ArrayList<>(
            List.of("lab", "exec", host, "--as", caller, "--", "python3", script.toString()));
    line.addAll(List.of(arguments));
    this.process = new ProcessBuilder(lab.command(line.toArray(String[]::new))).start();
    this.out = process.inputReader();
  }

  /** Starts a service that says each line again. */
  static void serveLines(Lab lab, String host, String service, int port) throws IOException {
    String script = Programs.script("lines.py").toString();
    lab.run(
            host,
            service,
            port,
            "tcp",
            List.of("--copy", script),
            "python3",
            "lines.py",
            "serve",
            Integer.toString(port))
        .ok();
  }

  /** A TCP connection to such a service, which has carried a line, and stays. */
  static Watched connection(Lab lab, String host, String caller, String service, int port)
      throws IOException {
    Watched call =
        new Watched(
            lab,
            host,
            caller,
            Programs.script("lines.py"),
            "call",
            service + ".mesh",
            Integer.toString(port));
    assertThat(call.out.readLine()).isEqualTo("hello");
    return call;
  }

  /** Requests, one after the other; the first has been answered. */
  static Watched requests(Lab lab, String host, String caller, String url) throws IOException {
    Watched calls =
        new Watched(lab, host, caller, Programs.script("statuses.py"), url, LIMIT_SECONDS);
    assertThat(calls.out.readLine()).endsWith(" 200");
    return calls;
  }

  /** When the connection was over; waits for that. */
  long over() throws IOException {
    return Long.parseLong(Objects.requireNonNull(out.readLine(), "the call died").strip());
  }

  /** When the first answer of a status came that is asked for; waits for that. */
  long first(int status) throws IOException {
    String line = Objects.requireNonNull(out.readLine(), "the calls died");
    while (!line.endsWith(" " + status)) {
      line = Objects.requireNonNull(out.readLine(), "never answered " + status);
    }
    return Long.parseLong(line.substring(0, line.indexOf(' ')));
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
