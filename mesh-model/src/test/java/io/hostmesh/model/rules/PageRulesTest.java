package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages and the sample mesh show is a rule, and each example of traffic.md has a name. */
class PageRulesTest {
  private static final Path DOCS = Path.of("..", "docs");

  record Example(String at, String mark, String text) {
    @Override
    public String toString() {
      return at;
    }
  }

  private static List<Example> of(Path page) throws IOException {
    List<Example> examples = new ArrayList<>();
    List<String> lines = Files.readAllLines(page);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).equals("```hocon")) {
        int end = i + lines.subList(i, lines.size()).indexOf("```");
        examples.add(
            new Example(
                page.getFileName() + ":" + (i + 1),
                i == 0 ? "" : lines.get(i - 1),
                String.join("\n", lines.subList(i + 1, end))));
      }
    }
    return examples;
  }

  static Stream<Example> examples() throws IOException {
    return of(DOCS.resolve("traffic.md")).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("examples")
  void anExampleOfThePageIsARuleWithANameThatTestsFindItBy(Example example) {
    assertThat(RuleParser.parse(example.at(), example.text())).isNotNull();
    assertThat(example.mark()).as(example.at()).matches("<!-- rule: [a-z0-9-]+ -->");
  }

  @Test
  void theSampleMeshsRulesAreRules() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("..", "config", "sample"))) {
      List<Path> rules = files.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
      assertThat(rules).isNotEmpty();
      for (Path file : rules) {
        assertThat(RuleParser.parse(file.toString(), Files.readString(file))).isNotNull();
      }
    }
  }
}
