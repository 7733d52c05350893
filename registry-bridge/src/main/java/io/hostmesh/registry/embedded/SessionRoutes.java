package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.hostmesh.registry.embedded.Store.Topic;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code /v1/session/}. */
final class SessionRoutes {
  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final Duration LOCK_DELAY = Duration.ofSeconds(15);

  private final Live live;
  private final String self;
  private final Duration shortest;

  /**
   * @param self the registry's own node, whose session it is where the request names none
   * @param shortest the shortest lifetime that is taken
   */
  SessionRoutes(Live live, String self, Duration shortest) {
    this.live = live;
    this.self = self;
    this.shortest = shortest;
  }

  /** Consul's own bound. */
  static Duration shortestOfConsul() {
    return SHORTEST;
  }

  void addTo(Routes routes) {
    routes.at("PUT", "/v1/session/create", new Handler.Write(this::create));
    routes.under("PUT", "/v1/session/renew/", new Handler.Write(this::renew));
    routes.under("PUT", "/v1/session/destroy/", new Handler.Write(this::destroy));
    routes.at("GET", "/v1/session/list", new Handler.Read(_ -> list(_ -> true)));
    routes.under(
        "GET",
        "/v1/session/node/",
        new Handler.Read(call -> list(session -> session.node().equals(call.rest()))));
    routes.under(
        "GET",
        "/v1/session/info/",
        new Handler.Read(call -> list(session -> session.id().equals(call.rest()))));
  }

  private static Query list(java.util.function.Predicate<StoredSession> wanted) {
    return Query.of(
        List.of(Topic.SESSIONS),
        store -> {
          ArrayNode view = Views.array();
          store.sessions().values().stream()
              .filter(wanted)
              .forEach(session -> view.add(Views.session(session)));
          return Answer.json(view);
        });
  }

  private Answer create(Call call) {
    Payload body = call.payloadOrEmpty();
    Optional<Duration> ttl = body.duration("TTL").filter(Duration::isPositive);
    if (ttl.isPresent()
        && (ttl.get().compareTo(shortest) < 0 || ttl.get().compareTo(LONGEST) > 0)) {
      throw Refusal.state(
          "Invalid Session TTL '"
              + Views.duration(ttl.get())
              + "', must be between ["
              + Views.duration(shortest)
              + "=24h]");
    }
    String behavior = body.text("Behavior", "release");
    if (!behavior.equals("release") && !behavior.equals("delete")) {
      throw Refusal.badRequest("Invalid Behavior setting '" + behavior + "'");
    }
    StoredSession session =
        new StoredSession(
            UUID.randomUUID().toString(),
            body.text("Name"),
            body.text("Node", self),
            body.duration("LockDelay").orElse(LOCK_DELAY),
            behavior.equals("delete"),
            ttl,
            body.has("NodeChecks") ? body.texts("NodeChecks") : body.texts("Checks"),
            live.store().index() + 1);
    live.become(live.store().begin(session));
    live.deadlines().session(session, live.now());
    return Answer.json(Views.object().put("ID", session.id()));
  }

  private Answer renew(Call call) {
    StoredSession session =
        live.store()
            .session(call.name())
            .orElseThrow(() -> Refusal.notFound("Session id '" + call.name() + "' not found"));
    live.deadlines().session(session, live.now());
    return Answer.json(Views.array().add(Views.session(session)));
  }

  private Answer destroy(Call call) {
    live.become(live.store().end(call.name()));
    return Answer.json(true);
  }
}
