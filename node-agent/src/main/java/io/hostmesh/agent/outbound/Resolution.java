package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.balance.Loads;
import io.hostmesh.agent.balance.Member;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.balance.Outliers;
import io.hostmesh.agent.balance.RequestKeys;
import io.hostmesh.agent.balance.Sessions;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.routing.RouteTable;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.Affinity;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Upstream;
import io.netty.channel.EventLoop;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finds an instance for one request or connection, and another one where it could not be reached.
 * Used by one event loop only.
 */
final class Resolution {
  /** More tries than this would only keep the caller waiting. */
  private static final int MAX_TRIES = 3;

  /** An instance, or why there is none, or an answer without one. */
  sealed interface Next {
    record To(Members.Candidate candidate) implements Next {}

    record None(Failure failure) implements Next {}

    /** The route's own: a redirect or an answer that it spells out. */
    record Answer(RouteTable.Decision decision) implements Next {}
  }

  /** Who wants an instance. */
  interface Asker extends RequestKeys {
    /** Asks the service's route; null for all instances. */
    RouteTable.@Nullable Decision decide(RouteTable route);

    /** Gets the first instance; called once. */
    void found(Next next);
  }

  private final MeshSource mesh;
  private final Members members;
  private final RandomGenerator random;
  private final Loads loads;
  private final OutlierWatch watch;
  private final ServiceName called;
  private final Load.@Nullable Kind kind;
  private ServiceName service;
  private Load load;
  private Outliers outliers;
  private RequestKeys keys = RequestKeys.NONE;
  private long chosenNanos;
  private Set<Endpoint> tried = Set.of();
  private RouteRule.@Nullable Subset subset;
  private Fallback fallback = Fallback.NONE;
  private boolean fellBack;
  private @Nullable Affinity affinity;
  private Members.@Nullable Candidate kept;
  private String rule = "";
  private int tries;
  private @Nullable Failure last;
  private Members.@Nullable Candidate current;

  /**
   * @param kind what this is counted as: a request or a connection; null where it is none of those
   *     that limits are for
   */
  Resolution(Sender sender, ServiceName service, Load.@Nullable Kind kind) {
    this.mesh = sender.mesh();
    this.members = sender.members();
    this.random = sender.random();
    this.called = service;
    this.service = service;
    this.kind = kind;
    this.loads = sender.loads();
    this.load = loads.of(service);
    this.watch = sender.outliers();
    this.outliers = watch.of(service);
  }

  /** Finds the first instance, at once where the endpoints are known. */
  void first(EventLoop loop, Asker asker) {
    keys = asker;
    MeshView view = mesh.view();
    if (view.endpoints(called).isPresent()) {
      decide(view, loop, asker);
    } else {
      mesh.need(called, () -> loop.execute(() -> decide(mesh.view(), loop, asker)));
    }
  }

  private void decide(MeshView view, EventLoop loop, Asker asker) {
    RouteTable route = view.route(called).orElse(null);
    RouteTable.Decision drawn = route == null ? null : asker.decide(route);
    if (route == null || drawn == null) {
      asker.found(choose(view));
      return;
    }
    RouteTable.Decision decision = Session.side(drawn, route, called, view, members, keys);
    rule = decision.label();
    if (!(decision.entry().action() instanceof Action.Forward)) {
      asker.found(new Next.Answer(decision));
    } else if (decision.service() == null) {
      subset = decision.subset();
      fallback = Fallback.of(decision.fallback(), route);
      asker.found(choose(view));
    } else {
      elsewhere(
          decision.service(), decision.subsetName(), decision.fallback(), view, loop, asker::found);
    }
  }

  /** To another service than the one called. */
  private void elsewhere(
      ServiceName other,
      @Nullable String subsetName,
      @Nullable String fallbackName,
      MeshView view,
      EventLoop loop,
      Consumer<Next> found) {
    service = other;
    load = loads.of(other);
    outliers = watch.of(other);
    if (view.endpoints(other).isPresent()) {
      found.accept(chooseOf(subsetName, fallbackName, view));
    } else {
      mesh.need(
          other,
          () -> loop.execute(() -> found.accept(chooseOf(subsetName, fallbackName, mesh.view()))));
    }
  }

  /**
   * Finds an instance of a service and a subset, whatever its route says, and without regard to
   * what a request asks to stay with.
   */
  void direct(ServiceName to, @Nullable String subsetName, EventLoop loop, Consumer<Next> found) {
    elsewhere(to, subsetName, null, mesh.view(), loop, found);
  }

  /** An instance anew, after the one before was released before anything was sent to it. */
  Next anew() {
    tries = 0;
    return choose(mesh.view());
  }

  private Next chooseOf(@Nullable String subsetName, @Nullable String fallbackName, MeshView view) {
    if (subsetName != null) {
      RouteTable declaring = view.route(service).orElse(null);
      fallback = Fallback.of(fallbackName, declaring);
      subset = declaring == null ? null : declaring.rule().subsets().get(subsetName);
      if (subset == null && fallback.allowed()) {
        rule += " fallback";
        subset = fallback.subset();
        fallback = Fallback.NONE;
      } else if (subset == null) {
        return new Next.None(
            new Failure(
                Failure.Kind.NO_ROUTE,
                "the route of "
                    + called
                    + " leads to the subset "
                    + subsetName
                    + " of "
                    + service
                    + ", which no route of "
                    + service
                    + " declares now"));
      }
    }
    return choose(view);
  }

  /** Where it goes: the service called, or another one by its route. */
  ServiceName service() {
    return service;
  }

  /** What is under way to where it goes. */
  Load load() {
    return load;
  }

  private Next choose(MeshView view) {
    Next next = choose(view, tried, false);
    current = next instanceof Next.To to ? to.candidate() : null;
    return next;
  }

  /**
   * @param orAny whether one of those left out will do where there is no other
   */
  private Next choose(MeshView view, Set<Endpoint> without, boolean orAny) {
    List<Endpoint> endpoints = view.endpoints(service).orElse(null);
    if (endpoints == null) {
      return new Next.None(
          new Failure(
              Failure.Kind.NO_ROUTE,
              "this host does not know yet where "
                  + service
                  + " runs, and pilot cannot be asked now; it will as soon as pilot answers"));
    }
    Members.Candidate chosen = pick(view, endpoints, without);
    if (chosen == null && orAny && !without.isEmpty()) {
      chosen = pick(view, endpoints, Set.of());
    }
    if (chosen == null) {
      return new Next.None(last == null ? unhealthy(endpoints) : last);
    }
    if (kind != null && !load.begin(kind)) {
      return new Next.None(load.full(kind));
    }
    tries++;
    chosen.member().began();
    return new Next.To(chosen);
  }

  private Members.@Nullable Candidate pick(
      MeshView view, List<Endpoint> endpoints, Set<Endpoint> without) {
    long now = System.nanoTime();
    chosenNanos = now;
    Upstream upstream = view.upstream(service);
    fellBack =
        fallback.allowed()
            && !members.hasWell(endpoints, upstream, subset, without, now)
            && members.hasWell(endpoints, upstream, fallback.subset(), without, now);
    RouteRule.Subset from = fellBack ? fallback.subset() : subset;
    affinity = upstream.affinity().orElse(null);
    if (affinity != null && without.isEmpty()) {
      String session = keys.cookie(affinity.cookie());
      kept = session == null ? null : members.kept(endpoints, upstream, from, session, now);
      if (kept != null) {
        return kept;
      }
    }
    Members.Candidate chosen =
        members.choose(endpoints, upstream, from, without, keys, random, now);
    if (chosen == null
        && fallback.allowed()
        && !fellBack) { // Rather one that is ejected than none.
      chosen = members.choose(endpoints, upstream, fallback.subset(), without, keys, random, now);
      fellBack = chosen != null;
    }
    return chosen;
  }

  /** The session that begins with an instance's answer; null where none does. */
  @Nullable Session begun(Members.Candidate by) {
    return affinity == null || by.equals(kept)
        ? null
        : new Session(affinity, Sessions.name(by.endpoint()));
  }

  private Failure unhealthy(List<Endpoint> endpoints) {
    String of = subset == null ? service.toString() : service + " subset " + subset.name();
    return new Failure(
        Failure.Kind.NO_HEALTHY_ENDPOINT,
        endpoints.isEmpty()
            ? service + " has no instance now"
            : "no instance of " + of + " is healthy; see \"hostmesh status\"");
  }

  /** Another instance, after the current one could not be reached. */
  Next after(Failure why) {
    Members.Candidate failed = current;
    release();
    last = why;
    if (failed != null) {
      broke(failed, why);
      if (why.kind() == Failure.Kind.CONNECT_FAILED) {
        avoid(failed);
      }
    }
    if (why.kind() == Failure.Kind.OVERFLOW) {
      return new Next.None(why); // What is too much stays so elsewhere.
    }
    return tries >= MAX_TRIES ? new Next.None(why) : choose(mesh.view());
  }

  private void avoid(Members.Candidate candidate) {
    if (tried.isEmpty()) {
      tried = new HashSet<>(2);
    }
    tried.add(candidate.endpoint());
  }

  // For a request that may have several tries at a time: each ends its own instance.

  /** The current instance; null for none. */
  @Nullable Endpoint endpoint() {
    return current == null ? null : current.endpoint();
  }

  /** The current instance; null for none, and where {@link #over} ends it. */
  Members.@Nullable Candidate current() {
    return current;
  }

  /** The current instance, which {@link #over} ends. */
  Members.@Nullable Candidate take() {
    Members.Candidate taken = current;
    current = null;
    if (taken != null) {
      avoid(taken);
    }
    return taken;
  }

  /**
   * One more instance, which {@link #over} ends: one that had no try of this request.
   *
   * @param orAny whether one that had will do where there is no other
   */
  Next another(boolean orAny) {
    Next next = choose(mesh.view(), tried, orAny);
    if (next instanceof Next.To to) {
      avoid(to.candidate());
    }
    return next;
  }

  /** An instance could not be reached, or broke off. */
  void broke(Members.Candidate at, Failure why) {
    long now = System.nanoTime();
    switch (why.kind()) {
      // Of a closed connection: its agent may just have been restarted.
      case CONNECT_FAILED, UPSTREAM_CLOSED -> {
        at.member().unreachable(now);
        outliers.failed(at, false, now);
      }
      case UPSTREAM_RESET, UPSTREAM_PROTOCOL -> outliers.failed(at, false, now);
      case TIMEOUT -> outliers.failed(at, true, now);
      default -> {}
    }
  }

  /** A try is over. */
  void over(Members.Candidate at) {
    at.member().ended();
    if (kind != null) {
      load.ended(kind);
    }
  }

  /**
   * An instance answered, to the end of its answer.
   *
   * @param status of HTTP, or as {@link io.hostmesh.agent.balance.GrpcStatus} has it
   */
  void answered(Members.Candidate by, int status) {
    outliers.answered(by, status, System.nanoTime());
  }

  /** The current instance answered, to the end. */
  void answered(int status) {
    if (current != null) {
      answered(current, status);
    }
  }

  /** The current instance broke off, and no other is asked. */
  void lost(Failure why) {
    if (current != null) {
      broke(current, why);
      release();
    }
  }

  /** The current instance answers. */
  void reached() {
    if (current != null) {
      Member member = current.member();
      member.reached();
      if (member.measured()) {
        long now = System.nanoTime();
        member.answered(now - chosenNanos, now);
      }
    }
  }

  /** The request or connection is over. */
  void release() {
    if (current != null) {
      over(current);
      current = null;
    }
  }

  /** The route's rule, for the log. */
  String rule() {
    return fellBack ? rule + " fallback" : rule;
  }
}
