package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The rules that a command is given. */
final class RuleFiles {
  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE|DIR|-",
      description = "a rule's file, a folder (all .conf files in it), or - for standard input")
  private List<String> sources = List.of();

  /**
   * As pilot takes them.
   *
   * @throws UserError where one cannot be read, or a folder has none
   */
  JsonObject request() {
    JsonArray files = new JsonArray();
    for (String source : sources) {
      if (source.equals("-")) {
        files.add(file("standard input", standardInput()));
      } else if (Files.isDirectory(Path.of(source))) {
        in(Path.of(source))
            .forEach(path -> files.add(file(path.toString(), ConfigFile.text(path))));
      } else {
        files.add(file(source, ConfigFile.text(Path.of(source))));
      }
    }
    return new JsonObject().put("files", files);
  }

  private static JsonObject file(String name, String text) {
    return new JsonObject().put("name", name).put("text", text);
  }

  private static List<Path> in(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> rules =
          all.filter(path -> path.toString().endsWith(".conf") && Files.isRegularFile(path))
              .sorted()
              .toList();
      if (rules.isEmpty()) {
        throw new UserError(folder + ": has no .conf file");
      }
      return rules;
    } catch (IOException e) {
      throw new UserError(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }

  private static String standardInput() {
    try {
      return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UserError("standard input cannot be read: " + e.getMessage(), e);
    }
  }
}
