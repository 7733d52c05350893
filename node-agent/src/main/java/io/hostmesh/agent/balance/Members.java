package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.rules.RouteRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The instances that this agent has called, and the choice among them. Any thread. */
public final class Members {
  /** An instance's place; the same service on the same address is the same member. */
  private record Key(String namespace, String service, String node, String instance) {}

  /** An endpoint and how it does. */
  public record Candidate(Endpoint endpoint, Member member) {}

  private final BalancePolicy policy;
  private final ConcurrentHashMap<Key, Member> members = new ConcurrentHashMap<>();
  private final AtomicInteger turn = new AtomicInteger();

  public Members(BalancePolicy policy) {
    this.policy = policy;
  }

  /**
   * Chooses among the healthy endpoints of a subset. Those that were unreachable a moment ago are
   * left out while there are others.
   *
   * @param subset null for all
   * @param tried endpoints of this request that could not be reached
   * @return null where no endpoint is healthy
   */
  public @Nullable Candidate choose(
      List<Endpoint> endpoints,
      RouteRule.@Nullable Subset subset,
      Set<Endpoint> tried,
      RandomGenerator random,
      long nowNanos) {
    List<Candidate> healthy = new ArrayList<>(endpoints.size());
    List<Candidate> reachable = new ArrayList<>(endpoints.size());
    for (Endpoint endpoint : endpoints) {
      if (endpoint.healthy()
          && (subset == null || subset.selects(endpoint.meta()))
          && !tried.contains(endpoint)) {
        Candidate candidate = new Candidate(endpoint, member(endpoint));
        healthy.add(candidate);
        if (!candidate.member().ejected(nowNanos)) {
          reachable.add(candidate);
        }
      }
    }
    List<Candidate> candidates = reachable.isEmpty() ? healthy : reachable;
    if (candidates.isEmpty()) {
      return null;
    }
    int index =
        switch (policy) {
          case LEAST_REQUEST ->
              Choice.leastRequest(
                  candidates.size(), i -> candidates.get(i).member().load(), random);
          case ROUND_ROBIN -> Choice.roundRobin(candidates.size(), turn.getAndIncrement());
        };
    return candidates.get(index);
  }

  private Member member(Endpoint endpoint) {
    Key key =
        new Key(
            endpoint.service().namespace(),
            endpoint.service().name(),
            endpoint.node(),
            endpoint.instance());
    return members.computeIfAbsent(key, _ -> new Member());
  }
}
