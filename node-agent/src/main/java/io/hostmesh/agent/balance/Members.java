package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.Balance;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The instances that this agent calls, and the choice among them. Any thread. */
public final class Members {
  /** An endpoint and how it does. */
  public record Candidate(Endpoint endpoint, Member member) {}

  private final BalancePolicy standing;
  private final ConcurrentHashMap<ServiceName, Candidates> services = new ConcurrentHashMap<>();

  /**
   * @param standing the policy where no rule has one
   */
  public Members(BalancePolicy standing) {
    this.standing = standing;
  }

  /**
   * Chooses among the healthy endpoints of a subset. Those that were unreachable a moment ago are
   * left out while there are others.
   *
   * @param endpoints of one service; an immutable list, known by its identity
   * @param upstream what the rules say of the service
   * @param subset null for all
   * @param tried endpoints of this request that could not be reached
   * @return null where no endpoint is healthy
   */
  public @Nullable Candidate choose(
      List<Endpoint> endpoints,
      Upstream upstream,
      RouteRule.@Nullable Subset subset,
      Set<Endpoint> tried,
      RandomGenerator random,
      long nowNanos) {
    if (endpoints.isEmpty()) {
      return null;
    }
    Candidates candidates = candidates(endpoints);
    Candidate[] healthy = candidates.healthy(subset);
    if (!tried.isEmpty()) {
      healthy = without(healthy, tried);
    }
    if (healthy.length == 0) {
      return null;
    }
    BalancePolicy policy = upstream.balance().flatMap(Balance::policy).orElse(standing);
    Candidate drawn = draw(policy, candidates, healthy, random, nowNanos);
    if (!drawn.member().ejected(nowNanos)) {
      return drawn;
    }
    Candidate[] reachable = reachable(healthy, nowNanos);
    return reachable.length == 0 ? drawn : draw(policy, candidates, reachable, random, nowNanos);
  }

  /** The healthy endpoints of a service as it was called last; none where it was not called yet. */
  public List<Candidate> known(ServiceName service) {
    Candidates known = services.get(service);
    return known == null ? List.of() : List.of(known.healthy(null));
  }

  private Candidates candidates(List<Endpoint> endpoints) {
    ServiceName service = endpoints.getFirst().service();
    Candidates known = services.get(service);
    if (known != null && known.isOf(endpoints)) {
      return known;
    }
    return services.compute(
        service,
        (_, before) ->
            before != null && before.isOf(endpoints) ? before : new Candidates(endpoints, before));
  }

  private static Candidate draw(
      BalancePolicy policy,
      Candidates candidates,
      Candidate[] of,
      RandomGenerator random,
      long nowNanos) {
    int index =
        switch (policy) {
          case LEAST_REQUEST ->
              Choice.leastRequest(of.length, i -> burden(of[i].member(), nowNanos), random);
          case ROUND_ROBIN -> Choice.roundRobin(of.length, candidates.nextTurn());
          case RANDOM -> random.nextInt(of.length);
        };
    return of[index];
  }

  /** Of two that are drawn, one that is ejected loses. */
  private static int burden(Member member, long nowNanos) {
    return member.ejected(nowNanos) ? Integer.MAX_VALUE : member.load();
  }

  private static Candidate[] reachable(Candidate[] of, long nowNanos) {
    return Arrays.stream(of)
        .filter(candidate -> !candidate.member().ejected(nowNanos))
        .toArray(Candidate[]::new);
  }

  private static Candidate[] without(Candidate[] candidates, Set<Endpoint> tried) {
    return Arrays.stream(candidates)
        .filter(candidate -> !tried.contains(candidate.endpoint()))
        .toArray(Candidate[]::new);
  }
}
