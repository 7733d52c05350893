package io.hostmesh.agent.balance;

import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One list of a service's endpoints, ready to be chosen from: made once when the list arrives, not
 * for each request. Any thread.
 */
final class Candidates {
  /** Rules come and go while the endpoints stay. */
  private static final int MOST_SUBSETS = 256;

  /** An instance's place; the same one in the next list is the same member. */
  private record Place(String node, String instance) {}

  private final List<Endpoint> endpoints;
  private final Map<Place, Member> members;
  private final Candidate[] healthy;

  /** Goes on from list to list. */
  private final AtomicInteger turn;

  /** Never changed once it is here: a new subset makes a new map. */
  private volatile IdentityHashMap<RouteRule.Subset, Candidate[]> subsets = new IdentityHashMap<>();

  /**
   * @param before the list before, whose members go on in this one
   */
  Candidates(List<Endpoint> endpoints, @Nullable Candidates before) {
    this.endpoints = endpoints;
    this.turn = before == null ? new AtomicInteger() : before.turn;
    this.members = HashMap.newHashMap(endpoints.size());
    List<Candidate> all = new ArrayList<>(endpoints.size());
    for (Endpoint endpoint : endpoints) {
      Place place = new Place(endpoint.node(), endpoint.instance());
      Member known = before == null ? null : before.members.get(place);
      Member member = members.computeIfAbsent(place, _ -> known == null ? new Member() : known);
      if (endpoint.healthy()) {
        all.add(new Candidate(endpoint, member));
      }
    }
    this.healthy = all.toArray(Candidate[]::new);
  }

  @SuppressWarnings("ReferenceEquality") // Lists are immutable: another object is a newer list.
  boolean isOf(List<Endpoint> list) {
    return endpoints == list;
  }

  /**
   * The healthy ones, which the caller does not change.
   *
   * @param subset null for all
   */
  Candidate[] healthy(RouteRule.@Nullable Subset subset) {
    if (subset == null) {
      return healthy;
    }
    Candidate[] known = subsets.get(subset);
    return known == null ? select(subset) : known;
  }

  /** The turn of a round robin, which may overflow. */
  int nextTurn() {
    return turn.getAndIncrement();
  }

  private Candidate[] select(RouteRule.Subset subset) {
    List<Candidate> selected = new ArrayList<>();
    for (Candidate candidate : healthy) {
      if (subset.selects(candidate.endpoint().meta())) {
        selected.add(candidate);
      }
    }
    Candidate[] made = selected.toArray(Candidate[]::new);
    IdentityHashMap<RouteRule.Subset, Candidate[]> next =
        subsets.size() < MOST_SUBSETS ? new IdentityHashMap<>(subsets) : new IdentityHashMap<>();
    next.put(subset, made);
    subsets = next;
    return made;
  }
}
