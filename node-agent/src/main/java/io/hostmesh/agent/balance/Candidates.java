package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One list of a service's endpoints, ready to be chosen from by what the rules say: made once when
 * either arrives, not for each request. Any thread.
 */
final class Candidates {
  /** Rules come and go while the endpoints stay. */
  private static final int MOST_SUBSETS = 256;

  /** What was there when the agent began is not new. */
  private static final long ALWAYS_NANOS = Long.MAX_VALUE / 4;

  /** An instance's place; the same one in the next list is the same member. */
  private record Place(String node, String instance) {}

  private final List<Endpoint> endpoints;
  private final Upstream upstream;
  private final Plan plan;
  private final Vantage vantage;
  private final HashTables tables;
  private final Map<Place, Entry> places;
  private final List<Candidate> passing;
  private final Pool all;
  private final int generation;

  /** Never changed once it is here: a new subset makes a new map. */
  private volatile IdentityHashMap<RouteRule.Subset, Pool> subsets = new IdentityHashMap<>();

  /**
   * @param standing the policy where no rule has one
   * @param vantage the host that calls
   * @param before the list before, whose members go on in this one
   */
  Candidates(
      List<Endpoint> endpoints,
      Upstream upstream,
      BalancePolicy standing,
      Vantage vantage,
      @Nullable Candidates before,
      long nowNanos) {
    this.endpoints = endpoints;
    this.upstream = upstream;
    this.plan = Plan.of(upstream, standing);
    this.vantage = vantage;
    this.tables = before == null ? HashTables.none() : before.tables.next();
    this.generation = before == null ? 0 : before.generation + 1;
    this.places = LinkedHashMap.newLinkedHashMap(endpoints.size());
    List<Entry> entries = new ArrayList<>(endpoints.size());
    for (Endpoint endpoint : endpoints) {
      Place place = new Place(endpoint.node(), endpoint.instance());
      Entry known = before == null ? null : before.places.get(place);
      Entry entry =
          new Entry(
              new Candidate(endpoint, known == null ? new Member() : known.candidate().member()),
              since(endpoint, known, before == null, nowNanos));
      if (plan.policy() == BalancePolicy.PEAK_EWMA) {
        entry.candidate().member().measure();
      }
      if (places.putIfAbsent(place, entry) == null) {
        entries.add(entry);
      }
    }
    this.passing = entries.stream().filter(Entry::passes).map(Entry::candidate).toList();
    this.all = pool(entries);
  }

  private static long since(
      Endpoint endpoint, @Nullable Entry known, boolean first, long nowNanos) {
    if (first) {
      return nowNanos - ALWAYS_NANOS;
    }
    return known == null || (endpoint.healthy() && !known.passes()) ? nowNanos : known.sinceNanos();
  }

  private Pool pool(List<Entry> entries) {
    List<List<Entry>> levels =
        plan.locality()
            .map(locality -> vantage.levels(locality, entries))
            .orElseGet(() -> List.of(entries));
    return new Pool(
        plan, levels.stream().map(level -> new Level(level, plan, tables, generation)).toList());
  }

  @SuppressWarnings("ReferenceEquality") // Both are immutable: another object is a newer one.
  boolean isOf(List<Endpoint> list, Upstream rules) {
    return endpoints == list && upstream == rules;
  }

  /** Those that pass their checks. */
  List<Candidate> passing() {
    return passing;
  }

  /**
   * What a request is shared among.
   *
   * @param subset null for all
   */
  Pool pool(RouteRule.@Nullable Subset subset) {
    if (subset == null) {
      return all;
    }
    Pool known = subsets.get(subset);
    return known == null ? select(subset) : known;
  }

  private Pool select(RouteRule.Subset subset) {
    List<Entry> selected = new ArrayList<>();
    for (Entry entry : places.values()) {
      if (subset.selects(entry.candidate().endpoint().meta())) {
        selected.add(entry);
      }
    }
    Pool made = pool(selected);
    IdentityHashMap<RouteRule.Subset, Pool> next =
        subsets.size() < MOST_SUBSETS ? new IdentityHashMap<>(subsets) : new IdentityHashMap<>();
    next.put(subset, made);
    subsets = next;
    return made;
  }
}
