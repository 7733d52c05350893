package io.hostmesh.agent.local;

import io.hostmesh.model.hocon.HoconException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The services of this host as all files together declare them. Immutable.
 *
 * @param texts the content in use of each file, by its path: the last good one
 * @param services what they declare
 * @param problems a sentence for each file whose present content is refused
 */
public record Definitions(
    SortedMap<String, String> texts, List<ServiceDefinition> services, List<String> problems) {
  /** How the problem ends of a file whose last good content is still in force. */
  static final String STAYS = "; its last good content stays in force";

  public static final Definitions NONE = new Definitions(new TreeMap<>(), List.of(), List.of());

  public Definitions {
    texts = Collections.unmodifiableSortedMap(new TreeMap<>(texts));
    services = List.copyOf(services);
    problems = List.copyOf(problems);
  }

  /** The ports at which the services of this host can be called. */
  public List<Integer> ports() {
    return services.stream()
        .flatMap(service -> service.listener().stream())
        .map(ServiceDefinition.Listener::port)
        .toList();
  }

  /** A file's content, or why it cannot be read. */
  public sealed interface Content {
    record Text(String text) implements Content {}

    record Unreadable(String problem) implements Content {}
  }

  /**
   * Judges what the files say now. A file that cannot be used, or that contradicts another one, is
   * refused; its last good content stays in force where there is one and it still fits. What is in
   * force unchanged is not displaced by something new.
   *
   * @param files by path
   * @param before what was in force; only its texts are looked at
   * @param reserved ports of the agent itself, by what they are
   */
  public static Definitions judge(
      Map<String, Content> files, Definitions before, Map<Integer, String> reserved) {
    Judgement judgement = new Judgement(reserved);
    Comparator<String> unchangedFirst =
        Comparator.comparing(file -> !isUnchanged(file, files, before));
    List<String> order =
        files.keySet().stream()
            .sorted(unchangedFirst.thenComparing(Comparator.naturalOrder()))
            .toList();
    for (String file : order) {
      String lastGood = before.texts().get(file);
      Optional<String> problem =
          switch (files.get(file)) {
            case Content.Text(String text) -> judgement.accept(file, text);
            case Content.Unreadable(String why) -> Optional.of(why);
            case null -> Optional.empty();
          };
      if (problem.isPresent()) {
        boolean stays = lastGood != null && judgement.accept(file, lastGood).isEmpty();
        judgement.problems.add(problem.get() + (stays ? STAYS : ""));
      }
    }
    return new Definitions(
        judgement.texts, List.copyOf(judgement.accepted.values()), judgement.problems);
  }

  private static boolean isUnchanged(String file, Map<String, Content> files, Definitions before) {
    return files.get(file) instanceof Content.Text(String text)
        && text.equals(before.texts().get(file));
  }

  private static final class Judgement {
    final SortedMap<String, String> texts = new TreeMap<>();
    final SortedMap<String, ServiceDefinition> accepted = new TreeMap<>();
    final List<String> problems = new ArrayList<>();
    final Map<Integer, String> reserved;

    Judgement(Map<Integer, String> reserved) {
      this.reserved = reserved;
    }

    /** Returns the problem. */
    Optional<String> accept(String file, String text) {
      ServiceDefinition definition;
      try {
        definition = ServiceDefinition.parse(file, text);
      } catch (HoconException e) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
      Optional<String> conflict =
          Conflicts.withAgent(definition, reserved)
              .or(() -> conflict(definition, accepted.values()));
      if (conflict.isEmpty()) {
        texts.put(file, text);
        accepted.put(file, definition);
      }
      return conflict;
    }
  }

  private static Optional<String> conflict(
      ServiceDefinition definition, Collection<ServiceDefinition> others) {
    return others.stream()
        .map(other -> Conflicts.between(definition, other))
        .flatMap(Optional::stream)
        .findFirst();
  }
}
