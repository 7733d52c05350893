package io.hostmesh.agent.routing;

import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A route rule, compiled when it arrives. Immutable, for any thread. */
public final class RouteTable {
  /** The headers of a request. */
  @FunctionalInterface
  public interface Headers {
    /** The first value of a header, or null. */
    @Nullable String get(String lowerCaseName);
  }

  /**
   * @param name interned, so that the same header is asked for once
   */
  private record Wanted(String name, String value) {}

  private static final class Compiled {
    private final Wanted[] headers;
    private final @Nullable PathPattern path;
    private final RouteRule.@Nullable Subset[] subsets;
    private final int[] cumulativeWeights;

    Compiled(
        Wanted[] headers,
        @Nullable PathPattern path,
        RouteRule.@Nullable Subset[] subsets,
        int[] cumulativeWeights) {
      this.headers = headers;
      this.path = path;
      this.subsets = subsets;
      this.cumulativeWeights = cumulativeWeights;
    }

    boolean matchesAll() {
      return headers.length == 0 && path == null;
    }

    RouteRule.@Nullable Subset draw(RandomGenerator random) {
      int last = cumulativeWeights.length - 1;
      if (last == 0) {
        return subsets[0];
      }
      int ticket = random.nextInt(cumulativeWeights[last]);
      int i = 0;
      while (ticket >= cumulativeWeights[i]) {
        i++;
      }
      return subsets[i];
    }
  }

  private final RouteRule rule;
  private final Compiled[] entries;
  private final PathIndex index;
  private final boolean readsPaths;

  private RouteTable(RouteRule rule, Compiled[] entries) {
    this.rule = rule;
    this.entries = entries;
    List<@Nullable PathPattern> paths = new ArrayList<>(entries.length);
    for (Compiled entry : entries) {
      paths.add(entry.path);
    }
    this.readsPaths = paths.stream().anyMatch(Objects::nonNull);
    this.index = new PathIndex(paths, i -> entries[i].headers.length == 0);
  }

  public static RouteTable compile(RouteRule rule) {
    return new RouteTable(
        rule,
        rule.entries().stream()
            .map(entry -> compiled(entry, rule.subsets()))
            .toArray(Compiled[]::new));
  }

  private static Compiled compiled(RouteRule.Entry entry, Map<String, RouteRule.Subset> declared) {
    List<RouteRule.Target> targets = entry.targets();
    RouteRule.@Nullable Subset[] subsets = new RouteRule.Subset[targets.size()];
    int[] cumulative = new int[targets.size()];
    int sum = 0;
    for (int i = 0; i < cumulative.length; i++) {
      RouteRule.Target target = targets.get(i);
      sum = Math.addExact(sum, target.weight());
      cumulative[i] = sum;
      subsets[i] = target.subset().map(declared::get).orElse(null);
    }
    Wanted[] headers =
        entry
            .match()
            .map(match -> match.headers().entrySet().stream())
            .orElseGet(java.util.stream.Stream::empty)
            .map(header -> new Wanted(header.getKey().intern(), header.getValue()))
            .toArray(Wanted[]::new);
    PathPattern path = entry.match().flatMap(RouteRule.Match::path).orElse(null);
    return new Compiled(headers, path, subsets, cumulative);
  }

  public RouteRule rule() {
    return rule;
  }

  /** Whether any entry asks for the path, which must have one meaning then. */
  public boolean readsPaths() {
    return readsPaths;
  }

  /**
   * Where one request goes: the first entry that matches decides, by chance and weight where it has
   * several targets.
   *
   * @param path without the query, in normal form where the table {@linkplain #readsPaths reads
   *     paths}
   * @return null for all instances of the service
   */
  @SuppressWarnings("ReferenceEquality") // Names are interned.
  public RouteRule.@Nullable Subset decide(String path, Headers headers, RandomGenerator random) {
    String asked = "";
    String value = null;
    candidates:
    for (int i : index.candidates(path)) {
      for (Wanted wanted : entries[i].headers) {
        if (wanted.name() != asked) {
          asked = wanted.name();
          value = headers.get(asked);
        }
        if (!wanted.value().equals(value)) {
          continue candidates;
        }
      }
      return entries[i].draw(random);
    }
    return null;
  }

  /** As {@link #decide}, for a connection without requests: only entries without a match apply. */
  public RouteRule.@Nullable Subset decideConnection(RandomGenerator random) {
    for (Compiled entry : entries) {
      if (entry.matchesAll()) {
        return entry.draw(random);
      }
    }
    return null;
  }
}
