package io.hostmesh.model.routing;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A route rule, compiled when it arrives. Immutable, for any thread. */
public final class RouteTable {
  /**
   * What becomes of a request; made once for each target of the rule.
   *
   * @param entry what held the request
   * @param label the rule and the entry, for logs
   * @param service another one than the rule's; null for the rule's own
   * @param subset null for all instances of the service
   * @param subsetName of another service's subset, which its own route declares
   * @param fallback the subset that is used while none of the other is well, by its name, or {@link
   *     RouteRule.Target#ALL}; null for none
   */
  public record Decision(
      RouteRule.Entry entry,
      String label,
      @Nullable ServiceName service,
      RouteRule.@Nullable Subset subset,
      @Nullable String subsetName,
      @Nullable String fallback) {}

  private static final class Compiled {
    private final RequestMatcher matcher;
    private final Decision[] decisions;
    private final int[] cumulativeWeights;

    Compiled(RequestMatcher matcher, Decision[] decisions, int[] cumulativeWeights) {
      this.matcher = matcher;
      this.decisions = decisions;
      this.cumulativeWeights = cumulativeWeights;
    }

    /** Those that have a share. */
    List<Decision> shared() {
      List<Decision> shared = new ArrayList<>();
      for (int i = 0; i < decisions.length; i++) {
        boolean hasShare = cumulativeWeights[i] > (i == 0 ? 0 : cumulativeWeights[i - 1]);
        if (hasShare) {
          shared.add(decisions[i]);
        }
      }
      return List.copyOf(shared);
    }

    Decision draw(RandomGenerator random) {
      int last = cumulativeWeights.length - 1;
      if (last <= 0) {
        return decisions[0];
      }
      int ticket = random.nextInt(cumulativeWeights[last]);
      int i = 0;
      while (ticket >= cumulativeWeights[i]) {
        i++;
      }
      return decisions[i];
    }
  }

  private final RouteRule rule;
  private final Compiled[] entries;
  private final PathIndex index;

  /** By identity: entries are many, and looked for by requests. */
  private final IdentityHashMap<RouteRule.Entry, List<Decision>> splits = new IdentityHashMap<>();

  private final boolean readsPaths;
  private final boolean needsRequests;

  private RouteTable(RouteRule rule, Compiled[] entries) {
    this.rule = rule;
    this.entries = entries;
    this.readsPaths = rule.readsPaths();
    this.needsRequests = rule.needsRequests();
    for (Compiled entry : entries) {
      if (entry.decisions.length > 1) {
        splits.put(entry.decisions[0].entry(), entry.shared());
      }
    }
    this.index =
        new PathIndex(
            rule.entries().stream()
                .map(entry -> entry.match().map(RequestMatch::paths).orElse(List.of()))
                .toList(),
            i -> entries[i].matcher.isBare());
  }

  public static RouteTable compile(RouteRule rule) {
    Compiled[] entries = new Compiled[rule.entries().size()];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = compiled(rule, i);
    }
    return new RouteTable(rule, entries);
  }

  private static Compiled compiled(RouteRule rule, int index) {
    RouteRule.Entry entry = rule.entries().get(index);
    String label =
        rule.origin().file() + " " + entry.name().map("#"::concat).orElse("rules[" + index + "]");
    RequestMatcher matcher = new RequestMatcher(entry.match().orElse(RequestMatch.ALL));
    List<RouteRule.Target> targets = entry.targets();
    if (targets.isEmpty()) {
      return new Compiled(
          matcher, new Decision[] {new Decision(entry, label, null, null, null, null)}, new int[0]);
    }
    Decision[] decisions = new Decision[targets.size()];
    int[] cumulative = new int[targets.size()];
    int sum = 0;
    for (int i = 0; i < cumulative.length; i++) {
      RouteRule.Target target = targets.get(i);
      sum = Math.addExact(sum, target.weight());
      cumulative[i] = sum;
      ServiceName other = target.service().orElse(null);
      Optional<RouteRule.Subset> own =
          other == null ? target.subset().map(rule.subsets()::get) : Optional.empty();
      decisions[i] =
          new Decision(
              entry,
              label,
              other,
              own.orElse(null),
              other == null ? null : target.subset().orElse(null),
              target.fallback().orElse(null));
    }
    return new Compiled(matcher, decisions, cumulative);
  }

  public RouteRule rule() {
    return rule;
  }

  /** Whether any entry asks for the path, which must have one meaning then. */
  public boolean readsPaths() {
    return readsPaths;
  }

  /** Whether deciding needs a request, so that a bare connection cannot be routed by it. */
  public boolean needsRequests() {
    return needsRequests;
  }

  /**
   * What becomes of one request: the first entry that matches decides, by chance and weight where
   * it has several targets.
   *
   * @return null where none matches, for all instances of the service
   */
  public @Nullable Decision decide(RequestFacts request, RandomGenerator random) {
    for (int i : index.candidates(request.path())) {
      Compiled entry = entries[i];
      if (entry.matcher.matchesRest(request)) {
        return entry.draw(random);
      }
    }
    return null;
  }

  /**
   * What an entry with several targets may make of a request, as far as it has a share; empty where
   * an entry has one target.
   */
  public List<Decision> split(RouteRule.Entry entry) {
    return splits.getOrDefault(entry, List.of());
  }

  /**
   * As {@link #decide}, for a connection without requests: entries that ask for a request, or
   * answer it, do not hold it.
   */
  public @Nullable Decision decideConnection(RequestFacts connection, RandomGenerator random) {
    for (Compiled entry : entries) {
      if (entry.cumulativeWeights.length > 0 && entry.matcher.matchesConnection(connection)) {
        return entry.draw(random);
      }
    }
    return null;
  }
}
