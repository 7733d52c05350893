package io.hostmesh.agent.limit;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RequestMatcher;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.LimitRule.Per;
import io.hostmesh.model.rules.RuleKind;
import io.hostmesh.model.rules.Scope;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One limit of one service, and the buckets of this host's instances. Any thread. */
final class Limiter {
  /** Far more than a host has instances of one service; ids that come and go are forgotten then. */
  private static final int MOST_INSTANCES = 256;

  private final Scope scope;
  private final Limit limit;
  private final TokenBucket.Terms terms;
  private final Mark refuses;
  private final Mark wouldRefuse;
  private final @Nullable RequestMatcher matcher;
  private final Optional<LeasedBucket> leased;
  private final ConcurrentHashMap<String, Buckets> instances = new ConcurrentHashMap<>();

  /** The buckets of one instance. */
  private sealed interface Buckets {
    record One(Bucket bucket) implements Buckets {}

    record ByKey(KeyedBuckets buckets) implements Buckets {}
  }

  Limiter(ServiceName service, Scope scope, Limit limit) {
    this(
        scope,
        limit,
        limit.reach() == LimitRule.Reach.MESH
            ? Optional.of(new LeasedBucket(service, name(scope, limit), limit))
            : Optional.empty());
  }

  private Limiter(Scope scope, Limit limit, Optional<LeasedBucket> leased) {
    this.leased = leased;
    this.matcher = limit.match().map(RequestMatcher::new).orElse(null);
    this.scope = scope;
    this.limit = limit;
    long each = limit.rate().nanosEach();
    this.terms = new TokenBucket.Terms(each, each * limit.burst());
    String name = name(scope, limit);
    this.refuses = new Mark(name, Mark.Kind.DENY);
    this.wouldRefuse = new Mark(name, Mark.Kind.DRY_RUN_DENY);
  }

  private static String name(Scope scope, Limit limit) {
    return RuleKind.LIMIT.text() + "/" + scope.path() + "#" + limit.name();
  }

  /** Whether it asks for the path, which must have one meaning then. */
  boolean readsPath() {
    return matcher != null && matcher.readsPath();
  }

  /** Whether it counts the request. */
  boolean holds(Asked asked) {
    return matcher == null || matcher.matches(asked);
  }

  /** The share of a mesh-wide limit. */
  Optional<LeasedBucket> leased() {
    return leased;
  }

  /** Whether it counts what that limit of that scope counts. */
  boolean counts(Scope otherScope, Limit other) {
    return scope.equals(otherScope) && limit.counts(other);
  }

  /** The same buckets under a limit that counts the same. */
  Limiter as(Limit next) {
    if (limit.equals(next)) {
      return this;
    }
    Limiter same = new Limiter(scope, next, leased);
    same.instances.putAll(instances);
    return same;
  }

  Limit limit() {
    return limit;
  }

  Mark mark() {
    return limit.dryRun() ? wouldRefuse : refuses;
  }

  /** The bucket that a request is to take from. */
  Bucket bucket(Asked asked, long now) {
    if (leased.isPresent()) {
      return leased.get();
    }
    Buckets buckets = instances.get(asked.instance());
    if (buckets == null) {
      if (instances.size() >= MOST_INSTANCES) {
        instances.clear();
      }
      buckets = instances.computeIfAbsent(asked.instance(), _ -> make(now));
    }
    return switch (buckets) {
      case Buckets.One(Bucket bucket) -> bucket;
      case Buckets.ByKey(KeyedBuckets keyed) -> keyed.of(key(asked), now);
    };
  }

  private Buckets make(long now) {
    return limit.per().isEmpty()
        ? new Buckets.One(new TokenBucket("", terms, now))
        : new Buckets.ByKey(new KeyedBuckets((key, at) -> new TokenBucket(key, terms, at), now));
  }

  /** No part has a line break in it. */
  private String key(Asked asked) {
    List<Per> per = limit.per();
    if (per.size() == 1) {
      return part(per.getFirst(), asked);
    }
    StringBuilder key = new StringBuilder();
    for (Per part : per) {
      key.append(part(part, asked)).append('\n');
    }
    return key.toString();
  }

  private static String part(Per key, Asked asked) {
    return switch (key) {
      case Per.Source _ -> asked.source();
      case Per.SourceAddress _ -> asked.address();
      case Per.Header(String name) -> asked.values(name);
    };
  }
}
