package io.hostmesh.cli;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Rules of files, read without a mesh.
 *
 * @param problems a line for each document that cannot be read, or stands there twice
 */
record GivenRules(List<Rule> rules, List<String> problems) {
  GivenRules {
    rules = List.copyOf(rules);
    problems = List.copyOf(problems);
  }

  /**
   * @param sources files, or folders with all .conf files in and below them
   * @throws UserError where one cannot be read
   */
  static GivenRules read(List<Path> sources) {
    List<Rule> rules = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Map<RuleKey, Rule> first = new HashMap<>();
    for (Path file : sources.stream().flatMap(GivenRules::files).distinct().toList()) {
      try {
        Rule rule = RuleParser.parse(file.toString(), ConfigFile.text(file));
        Rule before = first.putIfAbsent(rule.key(), rule);
        if (before == null) {
          rules.add(rule);
        } else {
          problems.add(
              rule.origin()
                  + ": the rule "
                  + rule.key()
                  + " stands in "
                  + before.origin()
                  + " already");
        }
      } catch (HoconException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    return new GivenRules(rules, problems);
  }

  private static Stream<Path> files(Path source) {
    if (!Files.isDirectory(source)) {
      return Stream.of(source);
    }
    try (Stream<Path> all = Files.walk(source)) {
      List<Path> found =
          all.filter(path -> path.toString().endsWith(".conf") && Files.isRegularFile(path))
              .sorted()
              .toList();
      if (found.isEmpty()) {
        throw new UserError(source + ": has no .conf file");
      }
      return found.stream();
    } catch (IOException e) {
      throw new UserError(source + ": cannot be listed: " + e.getMessage(), e);
    }
  }
}
