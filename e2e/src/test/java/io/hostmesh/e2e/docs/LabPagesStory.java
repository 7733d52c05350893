package io.hostmesh.e2e.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.e2e.packages.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A person follows the pages on a laptop: what stands there for a lab is run, in its order. */
class LabPagesStory {
  private static final Path ROOT =
      Path.of(System.getProperty("hostmesh.root", "..")).toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path folder = Path.of("");

  static Stream<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      return Stream.concat(Stream.of(ROOT.resolve("README.md")), docs.sorted().toList().stream())
          .filter(page -> page.toString().endsWith(".md"))
          .toList()
          .stream();
    }
  }

  @BeforeEach
  void commandBesideTheReader() throws IOException {
    Files.createSymbolicLink(folder.resolve("hostmesh"), ROOT.resolve("hostmesh"));
    Files.createSymbolicLink(folder.resolve("config"), ROOT.resolve("config"));
  }

  @AfterEach
  void leaveNothing() throws Exception {
    shell("./hostmesh lab down");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pages")
  void whatThePageSaysHappens(Path page) throws Exception {
    for (Document.Step step : Document.read(page).steps()) {
      switch (step) {
        case Document.Runs runs when runs.where().equals("lab") -> run(runs);
        case Document.Content file when file.where().equals("lab") ->
            Files.writeString(folder.resolve(file.path()), file.text());
        default -> {}
      }
    }
  }

  private void run(Document.Runs step) throws Exception {
    for (String command : step.commands()) {
      Shell.Said said = shell(command);
      assertThat(said.status()).as(step.at() + ": " + command + "\n" + said.output()).isZero();
    }
    if (step.says().isPresent()) {
      says(step, step.says().get());
    }
  }

  /** A rule that was just applied may take a second. */
  private void says(Document.Runs step, String text) throws Exception {
    Instant deadline = Instant.now().plusSeconds(5);
    String output = shell(step.commands().getLast()).output();
    while (!output.contains(text) && Instant.now().isBefore(deadline)) {
      TimeUnit.MILLISECONDS.sleep(200);
      output = shell(step.commands().getLast()).output();
    }
    assertThat(output).as(step.at()).contains(text);
  }

  private Shell.Said shell(String command) throws IOException, InterruptedException {
    return Shell.run(LIMIT, List.of("sh", "-c", "cd '" + folder + "' && " + command));
  }
}
