package io.hostmesh.agent.balance;

import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.BalancePolicy;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
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
  private final Vantage vantage;
  private final ConcurrentHashMap<ServiceName, Candidates> services = new ConcurrentHashMap<>();

  /**
   * @param standing the policy where no rule has one
   * @param vantage the host that calls
   */
  public Members(BalancePolicy standing, Vantage vantage) {
    this.standing = standing;
    this.vantage = vantage;
  }

  /** For a host whose instances are all as near as each other. */
  public Members(BalancePolicy standing) {
    this(standing, Vantage.NOWHERE);
  }

  /** Chooses for what has no part that could be hashed. */
  @Nullable Candidate choose(
      List<Endpoint> endpoints,
      Upstream upstream,
      RouteRule.@Nullable Subset subset,
      Set<Endpoint> tried,
      RandomGenerator random,
      long nowNanos) {
    return choose(endpoints, upstream, subset, tried, RequestKeys.NONE, random, nowNanos);
  }

  /**
   * Chooses among the healthy endpoints of a subset. Those that are ejected are left out while
   * there are others.
   *
   * @param endpoints of one service; an immutable list, known by its identity
   * @param upstream what the rules say of the service; known by its identity
   * @param subset null for all
   * @param tried endpoints that this request has been at
   * @param keys what hashing policies ask
   * @return null where no endpoint is healthy
   */
  public @Nullable Candidate choose(
      List<Endpoint> endpoints,
      Upstream upstream,
      RouteRule.@Nullable Subset subset,
      Set<Endpoint> tried,
      RequestKeys keys,
      RandomGenerator random,
      long nowNanos) {
    if (endpoints.isEmpty()) {
      return null;
    }
    return candidates(endpoints, upstream, nowNanos)
        .pool(subset)
        .choose(tried, keys, random, nowNanos);
  }

  /** Whether an endpoint of a subset is healthy that was not tried; for the rest see choose. */
  public boolean hasWell(
      List<Endpoint> endpoints,
      Upstream upstream,
      RouteRule.@Nullable Subset subset,
      Set<Endpoint> tried,
      long nowNanos) {
    return !endpoints.isEmpty()
        && candidates(endpoints, upstream, nowNanos).pool(subset).hasWell(tried, nowNanos);
  }

  /** The endpoint of a session, see {@link Sessions}; null where it is gone, or not healthy. */
  public @Nullable Candidate kept(
      List<Endpoint> endpoints,
      Upstream upstream,
      RouteRule.@Nullable Subset subset,
      String session,
      long nowNanos) {
    return endpoints.isEmpty()
        ? null
        : candidates(endpoints, upstream, nowNanos).pool(subset).kept(session, nowNanos);
  }

  /** The healthy endpoints of a service as it was called last; none where it was not called yet. */
  public List<Candidate> known(ServiceName service) {
    Candidates known = services.get(service);
    return known == null ? List.of() : known.passing();
  }

  private Candidates candidates(List<Endpoint> endpoints, Upstream upstream, long nowNanos) {
    ServiceName service = endpoints.getFirst().service();
    Candidates known = services.get(service);
    if (known != null && known.isOf(endpoints, upstream)) {
      return known;
    }
    return services.compute(
        service,
        (_, before) ->
            before != null && before.isOf(endpoints, upstream)
                ? before
                : new Candidates(endpoints, upstream, standing, vantage, before, nowNanos));
  }
}
