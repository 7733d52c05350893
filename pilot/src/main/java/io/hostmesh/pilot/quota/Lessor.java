package io.hostmesh.pilot.quota;

import io.hostmesh.api.v1.LeaseAsk;
import io.hostmesh.api.v1.LeaseGrant;
import io.hostmesh.api.v1.LeaseReply;
import io.hostmesh.api.v1.LeaseRequest;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.LimitRule.Reach;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.pilot.rules.RuleInForce;
import io.hostmesh.pilot.snapshot.Published;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Leases parts of mesh-wide limits to agents. Of all pilots, the one that leads does; a new one
 * begins with empty accounts, so that a change of the leader gives nobody a burst twice. Any
 * thread.
 */
public final class Lessor {
  private static final double THOUSANDTHS = 1_000;

  /** Whoever was asked by nobody for so long may give a burst: an earlier leader is long gone. */
  private static final long SETTLED_NANOS = TimeUnit.SECONDS.toNanos(10);

  private record Named(Scope scope, Limit limit) {}

  private record Id(ServiceName service, String limit) {}

  private final LongSupplier terms;
  private final Map<Id, Account> accounts = new HashMap<>(); // Guarded by this.
  private long term; // Guarded by this.
  private long since; // Guarded by this.

  private volatile Map<String, Named> limits = Map.of();
  private volatile SortedMap<String, SortedSet<ServiceName>> entitled =
      Collections.emptySortedMap();

  /**
   * @param terms another one each time that this pilot leads anew; 0 while it does not
   */
  public Lessor(LongSupplier terms) {
    this.terms = terms;
  }

  /** The rules in force and the nodes' services are these from now on. */
  public void heard(Published published) {
    hear(
        published.rules().inForce().stream().map(RuleInForce::rule).toList(),
        published.snapshot().entitled());
  }

  /**
   * The same.
   *
   * @param services which each node is entitled to
   */
  public void hear(List<Rule> rules, SortedMap<String, SortedSet<ServiceName>> services) {
    Map<String, Named> named = new HashMap<>();
    for (Rule rule : rules) {
      if (rule instanceof LimitRule limited) {
        for (Limit limit : limited.limits()) {
          if (limit.reach() == Reach.MESH) {
            named.put(limited.key().path() + "#" + limit.name(), new Named(limited.scope(), limit));
          }
        }
      }
    }
    limits = Map.copyOf(named);
    entitled = services;
    forget(named);
  }

  private synchronized void forget(Map<String, Named> named) {
    accounts.keySet().removeIf(id -> !named.containsKey(id.limit()));
  }

  /**
   * Answers an agent.
   *
   * @param node by its certificate
   * @param now of a clock that only goes forward, in nanoseconds
   * @return empty where another pilot is to be asked
   */
  public synchronized Optional<LeaseReply> lease(String node, LeaseRequest request, long now) {
    long led = terms.getAsLong();
    if (led != term) { // Another pilot may have granted meanwhile.
      accounts.clear();
      term = led;
      since = now;
    }
    if (led == 0) {
      return Optional.empty();
    }
    LeaseReply.Builder reply = LeaseReply.newBuilder();
    for (LeaseAsk ask : request.getAsksList()) {
      reply.addGrants(grant(node, ask, now));
    }
    return Optional.of(reply.build());
  }

  private LeaseGrant grant(String node, LeaseAsk ask, long now) {
    Named named = limits.get(ask.getLimit());
    ServiceName service = service(ask.getService()).orElse(null);
    if (named == null
        || service == null
        || !named.scope().covers(service)
        || !entitled.getOrDefault(node, Collections.emptySortedSet()).contains(service)) {
      return LeaseGrant.newBuilder().setUnknown(true).build();
    }
    Account.Grant grant =
        account(new Id(service, ask.getLimit()), named.limit(), now)
            .lease(node, ask.getWant(), ask.getReturned(), ask.getDemandMilli() / THOUSANDTHS, now);
    return LeaseGrant.newBuilder()
        .setGranted(grant.tokens())
        .setShareMilli((long) (grant.share() * THOUSANDTHS))
        .build();
  }

  private Account account(Id id, Limit limit, long now) {
    Account known = accounts.get(id);
    if (known != null && known.isOf(limit.rate(), limit.burst())) {
      return known;
    }
    Account account =
        known == null
            ? new Account(limit.rate(), limit.burst(), now - since > SETTLED_NANOS, now)
            : known.as(limit.rate(), limit.burst(), now);
    accounts.put(id, account);
    return account;
  }

  private static Optional<ServiceName> service(String text) {
    try {
      return Optional.of(ServiceName.parse(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
