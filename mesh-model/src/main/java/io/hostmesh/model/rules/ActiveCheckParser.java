package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.hostmesh.model.rules.ActiveCheck.StatusRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code health-checks} of {@code kind = upstream}. */
final class ActiveCheckParser {
  private static final int MOST = 8;
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(1);

  private ActiveCheckParser() {}

  static List<ActiveCheck> checks(Section upstream) {
    List<ActiveCheck> checks =
        upstream.sections("health-checks").stream().map(ActiveCheckParser::check).toList();
    if (checks.size() > MOST) {
      throw upstream.refuse("health-checks", checks.size() + " checks; at most " + MOST);
    }
    return checks;
  }

  private static ActiveCheck check(Section check) {
    ActiveCheck read =
        new ActiveCheck(
            question(check),
            within(check, "interval", ActiveCheck.INTERVAL),
            within(check, "timeout", ActiveCheck.TIMEOUT),
            check.integer("healthy", 1, 100, ActiveCheck.HEALTHY),
            check.integer("unhealthy", 1, 100, ActiveCheck.UNHEALTHY));
    check.end();
    return read;
  }

  private static Duration within(Section check, String key, Duration otherwise) {
    Duration read = check.duration(key, otherwise);
    if (read.compareTo(SHORTEST) < 0 || read.compareTo(LONGEST) > 0) {
      throw check.refuse(key, "is not within 100ms to 1h");
    }
    return read;
  }

  private static Question question(Section check) {
    List<Question> questions = new ArrayList<>();
    List<String> expect = check.strings("expect");
    check
        .optionalString("http")
        .ifPresent(path -> questions.add(new Question.Http(path(check, path), statuses(check))));
    check.optionalString("grpc").map(Question.Grpc::new).ifPresent(questions::add);
    if (check.bool("tcp", false)) {
      questions.add(new Question.Tcp());
    }
    if (questions.size() != 1) {
      throw new HoconException(
          check.origin(),
          "a check is one of http = \"/path\", grpc = \"service\" and tcp = true; this is "
              + (questions.isEmpty() ? "none" : "several"));
    }
    if (!expect.isEmpty() && !(questions.getFirst() instanceof Question.Http)) {
      throw check.refuse("expect", "statuses are expected of http = \"/path\" only");
    }
    return questions.getFirst();
  }

  private static String path(Section check, String path) {
    if (!path.startsWith("/") || path.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw check.refuse(
          "http", "\"" + path + "\" is not a path: it begins with / and has no space");
    }
    return path;
  }

  private static List<StatusRange> statuses(Section check) {
    List<StatusRange> ranges = new ArrayList<>();
    for (String text : check.strings("expect")) {
      try {
        ranges.add(StatusRange.parse(text));
      } catch (IllegalArgumentException e) {
        throw check.refuse("expect", String.valueOf(e.getMessage()));
      }
    }
    return ranges.isEmpty() ? List.of(StatusRange.OK) : ranges;
  }
}
