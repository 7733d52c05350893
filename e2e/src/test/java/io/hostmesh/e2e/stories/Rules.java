package io.hostmesh.e2e.stories;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The rules that the documentation shows. */
final class Rules {
  private Rules() {}

  /** The example of a page below {@code docs/} that has a name: {@code <!-- rule: NAME -->}. */
  static String ofPage(String page, String name) throws IOException {
    Path file = Lab.ROOT.resolve("docs").resolve(page);
    List<String> lines = Files.readAllLines(file);
    int mark = lines.indexOf("<!-- rule: " + name + " -->");
    if (mark < 0 || !lines.get(mark + 1).equals("```hocon")) {
      throw new AssertionError(file + " has no example <!-- rule: " + name + " -->");
    }
    List<String> rest = lines.subList(mark + 2, lines.size());
    return String.join("\n", rest.subList(0, rest.indexOf("```")));
  }
}
