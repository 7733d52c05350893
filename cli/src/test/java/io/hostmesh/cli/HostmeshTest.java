package io.hostmesh.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command says to mistakes: one line, a status, no stack trace. */
class HostmeshTest {
  private record Said(int status, String error) {}

  /** Standard error is the process's: these tests run one after the other. */
  private static Said run(String... arguments) {
    PrintStream before = System.err;
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    System.setErr(new PrintStream(error, true, StandardCharsets.UTF_8));
    try {
      int status = Hostmesh.run(arguments);
      return new Said(status, error.toString(StandardCharsets.UTF_8));
    } finally {
      System.setErr(before);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lab run h1|hostmesh lab run --help",
        "aply -f x|aply",
        "apply|-f",
        "node allow h1|SERVICE",
        "lab up --hosts many|many",
      })
  void aWrongCommandLineIsStatusTwo(String line, String says) {
    Said said = run(line.split(" ", -1));

    assertThat(said.status()).isEqualTo(2);
    assertThat(said.error()).contains(says).hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "status", "node list", "token create", "delete route web"})
  void aLabThatIsNotThereIsSaid(String line, @TempDir Path folder) {
    String[] words = (line + " --dir " + folder.resolve("none")).split(" ", -1);

    Said said = run(words);

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.error()).startsWith("hostmesh: no lab is up in ").hasLineCount(1);
  }

  @Test
  void anArgumentWithAnAtIsTheProgramsOwn(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("body"), "@" + folder); // As of "curl -d @body".

    Said said =
        run(
            "lab",
            "exec",
            "h1",
            "--dir",
            folder.resolve("none").toString(),
            "--",
            "cat",
            "@" + file);

    assertThat(said.error()).startsWith("hostmesh: no lab is up in ").hasLineCount(1);
  }

  @Test
  void aMissingRuleFileIsSaid(@TempDir Path folder) {
    Said said = run("apply", "-f", folder.resolve("no.conf").toString());

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.error()).contains("no").hasLineCount(1).doesNotContain("\tat ");
  }
}
