package io.hostmesh.runtime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.hocon.Section;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person sees who starts a daemon with a mistake: one line, and a status that tells. */
class DaemonProcessTest {
  @TempDir Path directory;

  /** A daemon that needs one key and cannot start on port 1. */
  private record Sample(Path defaultConfig) implements Daemon<Integer> {
    @Override
    public String name() {
      return "hostmesh-sample";
    }

    @Override
    public String purpose() {
      return "shows how daemons begin";
    }

    @Override
    public Integer read(Section section) {
      return section.port("port");
    }

    @Override
    public AutoCloseable start(Integer port, Host host) {
      throw new UserError("0.0.0.0:" + port + " is in use; choose another port");
    }
  }

  private record Outcome(int status, String out, String err) {}

  private Outcome run(String configuration, String... args) throws IOException {
    Path file = directory.resolve("sample.conf");
    Files.writeString(file, configuration);
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream seen = new ByteArrayOutputStream();
    ByteArrayOutputStream complaint = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(seen, true, UTF_8));
      System.setErr(new PrintStream(complaint, true, UTF_8));
      int status = DaemonProcess.run(new Sample(file), args);
      return new Outcome(status, seen.toString(UTF_8), complaint.toString(UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void checkJudgesWithoutStarting() throws IOException {
    Outcome outcome = run("port = 80", "--check");
    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).endsWith("sample.conf: fine\n");
  }

  @Test
  void anUnknownKeyEndsItWithOneLine() throws IOException {
    Outcome outcome = run("port = 80\nprot = 81", "--check");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("hostmesh-sample: ")
        .endsWith("sample.conf:2: prot: unknown key; did you mean \"port\"?\n")
        .hasLineCount(1);
  }

  @Test
  void settingsOfTheCommandLineAreJudgedLikeTheFile() throws IOException {
    assertThat(run("port = 80", "--check", "--set", "port = 99999").err())
        .contains("port: 99999 is not within 1 to 65535");
    assertThat(run("", "--check", "--set", "port = 99").status()).isZero();
  }

  @Test
  void aMissingFileIsNamed() throws IOException {
    Outcome outcome = run("port = 80", "--config", directory.resolve("none.conf").toString());
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("none.conf: no such file").hasLineCount(1);
  }

  @Test
  void whatStopsTheStartIsOneLine() throws IOException {
    Outcome outcome = run("port = 80");
    assertThat(outcome.status()).isNotZero();
    assertThat(outcome.err().lines().toList())
        .last()
        .isEqualTo("hostmesh-sample: 0.0.0.0:80 is in use; choose another port");
  }

  @Test
  void aWrongOptionNamesTheRightOne() throws IOException {
    Outcome outcome = run("port = 80", "--confg", "x");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.err()).contains("--confg").contains("--config");
  }

  @Test
  void aPlainStartNeedsNoCommandLineLibrary() {
    assertThat(DaemonArguments.plain("--config", "a.conf", "--set=k=v=w", "--set", "x = 1"))
        .contains(
            new DaemonArguments(Optional.of(Path.of("a.conf")), List.of("k=v=w", "x = 1"), false));
    assertThat(DaemonArguments.plain("--check"))
        .contains(new DaemonArguments(Optional.empty(), List.of(), true));
  }

  @Test
  void whatHasToBeJudgedIsLeftToIt() {
    for (String line :
        List.of(
            "--help",
            "--version",
            "capture status",
            "--config",
            "--config --check",
            "--config= x",
            "--config a --config b",
            "--check=true",
            "--set",
            "--set @file",
            "@file",
            "--confg x")) {
      assertThat(DaemonArguments.plain(line.split(" ", -1))).as(line).isEmpty();
    }
  }
}
