package io.hostmesh.runtime.metrics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Whether a daemon can do its work, part by part. Safe for any thread. */
public final class Readiness {
  private record Part(String name, Supplier<Optional<String>> problem) {}

  private final CopyOnWriteArrayList<Part> parts = new CopyOnWriteArrayList<>();

  /**
   * Adds a part that must be well.
   *
   * @param problem a sentence on what is missing, empty while the part is well; asked at each
   *     check, so it must be quick
   */
  public void require(String name, Supplier<Optional<String>> problem) {
    parts.add(new Part(name, problem));
  }

  /** What is missing now, by part, in the order of the parts; empty where the daemon is ready. */
  public Map<String, String> problems() {
    Map<String, String> problems = new LinkedHashMap<>();
    for (Part part : parts) {
      part.problem().get().ifPresent(problem -> problems.put(part.name(), problem));
    }
    return problems;
  }

  /** The answer to {@code /readyz}: "ready", or a line a problem. */
  public String page() {
    Map<String, String> problems = problems();
    if (problems.isEmpty()) {
      return "ready\n";
    }
    StringBuilder page = new StringBuilder();
    problems.forEach((part, problem) -> page.append(part + ": " + problem + "\n"));
    return page.toString();
  }
}
