package io.hostmesh.e2e.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A page as steps. A comment in front of a fenced block says what becomes of it:
 *
 * <ul>
 *   <li>{@code <!-- runs: WHERE -->}: its lines that begin with {@code $} are run there;
 *   <li>{@code <!-- runs: WHERE, says: TEXT -->}: and the last of them prints the text;
 *   <li>{@code <!-- runs: itself -->}: they are what runs the tests;
 *   <li>{@code <!-- file: WHERE PATH -->}: it is the content of that file there;
 *   <li>{@code <!-- copies: WHERE PATH WHERE PATH -->}: a file gets from one place to the other.
 * </ul>
 *
 * A block of commands without one is refused.
 */
public record Document(Path page, List<Step> steps) {
  private static final Pattern MARK = Pattern.compile("<!-- (runs|file|copies): (.*) -->");

  public Document {
    steps = List.copyOf(steps);
  }

  /** What a reader does. */
  public sealed interface Step {
    /** Page and line, for whoever has to mend it. */
    String at();
  }

  /** Commands, in order. */
  public record Runs(String at, String where, Optional<String> says, List<String> commands)
      implements Step {
    public Runs {
      commands = List.copyOf(commands);
    }
  }

  /** A file's content. */
  public record Content(String at, String where, String path, String text) implements Step {}

  /** A file that gets somewhere else. */
  public record Copies(String at, String from, String fromPath, String to, String toPath)
      implements Step {}

  public static Document read(Path page) throws IOException {
    List<Step> steps = new ArrayList<>();
    List<String> lines = Files.readAllLines(page);
    @Nullable Matcher mark = null;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      String at = page.getFileName() + ":" + (i + 1);
      Matcher matcher = MARK.matcher(line);
      if (matcher.matches() && matcher.group(1).equals("copies")) {
        String[] words = matcher.group(2).split(" ", -1);
        steps.add(new Copies(at, words[0], words[1], words[2], words[3]));
      } else if (matcher.matches()) {
        mark = matcher;
      } else if (line.startsWith("```")) {
        int end = i + 1 + lines.subList(i + 1, lines.size()).indexOf("```");
        step(at, line.substring(3), mark, lines.subList(i + 1, end)).ifPresent(steps::add);
        mark = null;
        i = end;
      }
    }
    return new Document(page, steps);
  }

  private static Optional<Step> step(
      String at, String language, @Nullable Matcher mark, List<String> block) {
    if (mark == null) {
      if (language.equals("console")) {
        throw new IllegalStateException(at + ": commands without a word on where they run");
      }
      return Optional.empty();
    }
    if (mark.group(1).equals("file")) {
      String[] words = mark.group(2).split(" ", 2);
      return Optional.of(new Content(at, words[0], words[1], String.join("\n", block) + "\n"));
    }
    String[] words = mark.group(2).split(", says: ", 2);
    return words[0].equals("itself")
        ? Optional.empty()
        : Optional.of(
            new Runs(
                at,
                words[0],
                words.length == 2 ? Optional.of(words[1]) : Optional.empty(),
                block.stream().filter(l -> l.startsWith("$ ")).map(l -> l.substring(2)).toList()));
  }
}
