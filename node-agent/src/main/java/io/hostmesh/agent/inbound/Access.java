package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.EndUser;
import io.hostmesh.agent.authz.Mark;
import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.identity.RevokedHere;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.MeshMode;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The receiver's decision on a call, from one view of the mesh. */
final class Access {
  private static final Mark MESH_DEFAULT = new Mark("mesh.default-access", Mark.Kind.DENY);

  private Access() {}

  /**
   * Judges one request. Where rules speak of paths, it goes on with its target in normal form.
   *
   * @param headers asked only where a rule does
   */
  static Verdict request(
      MeshView view,
      Origin origin,
      LocalInstance instance,
      HttpRequest head,
      Request.Fields headers,
      Optional<EndUser> user) {
    Verdict first = beforeRules(view, origin, instance);
    if (first != null) {
      return first;
    }
    AccessTable table = view.access(instance.service()).orElse(null);
    if (table == null) {
      return byDefault(view, origin, instance);
    }
    String path = head.uri();
    if (table.readsPaths()) {
      switch (RequestPath.read(head.uri())) {
        case RequestPath.Reading.Ambiguous(String why) -> {
          if (table.enforcesPaths()) {
            return ambiguous(instance, head, why);
          }
        }
        case RequestPath.Reading.Normal(String target, String normal) -> {
          path = normal;
          if (table.enforcesPaths()) {
            head.setUri(target);
          }
        }
      }
    }
    String host = table.readsHost() ? host(head.uri(), headers) : null;
    return table.request(
        new Request(
            origin.peer(), instance.port(), head.method().name(), path, host, headers, user));
  }

  private static Verdict ambiguous(LocalInstance instance, HttpRequest head, String why) {
    return denied(
        Verdict.Why.MALFORMED,
        instance.service()
            + " has access rules on paths, and "
            + RequestPath.ambiguity(head.uri(), why));
  }

  /** Judges a bare connection. */
  static Verdict connection(MeshView view, Origin origin, LocalInstance instance) {
    Verdict first = beforeRules(view, origin, instance);
    if (first != null) {
      return first;
    }
    AccessTable table = view.access(instance.service()).orElse(null);
    return table == null
        ? byDefault(view, origin, instance)
        : table.connection(origin.peer(), instance.port());
  }

  /**
   * Judges by revocations a call between services of this host; between hosts, their certificates
   * are refused.
   */
  static Optional<Verdict> revoked(RevokedHere revoked, Origin origin, LocalInstance instance) {
    if (origin.arrival() == Origin.Arrival.MESH) {
      return Optional.empty();
    }
    return origin
        .name()
        .flatMap(revoked::why)
        .or(() -> revoked.why(instance.service()))
        .map(
            why ->
                denied(
                    Verdict.Why.ACCESS,
                    "denied: " + why + ", neither calls its neighbours nor is called by them"));
  }

  /** The failure of a verdict that denies; empty of one that does not. */
  static Optional<Failure> failure(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Allowed _ -> Optional.empty();
      case Verdict.Denied denied ->
          Optional.of(
              new Failure(
                  switch (denied.why()) {
                    case ACCESS -> Failure.Kind.ACCESS_DENIED;
                    case MALFORMED -> Failure.Kind.MALFORMED;
                    case PLAINTEXT -> Failure.Kind.PLAINTEXT_REFUSED;
                    case UNKNOWN_MESH -> Failure.Kind.NO_ROUTE;
                    case LIMITED -> Failure.Kind.RATE_LIMITED;
                  },
                  denied.sentence()));
    };
  }

  /** What is so whatever the rules say; null where they are to be asked. */
  private static @Nullable Verdict beforeRules(
      MeshView view, Origin origin, LocalInstance instance) {
    ServiceName service = instance.service();
    if (view.settings().isEmpty()) {
      return denied(
          Verdict.Why.UNKNOWN_MESH,
          "this host's agent has had no configuration from pilot yet, so nobody may call "
              + service);
    }
    if (origin.caller().isEmpty() && view.mode(service, instance.port()) == MeshMode.STRICT) {
      return denied(
          Verdict.Why.PLAINTEXT,
          "the mesh is strict and "
              + origin.unknown()
              + " has no identity: it may not call "
              + service
              + "; declare the caller as a service of its host (/etc/hostmesh/services.d)");
    }
    if (origin.arrival() == Origin.Arrival.CAPTURED && service.equals(origin.name().orElse(null))) {
      return Verdict.OPEN; // A service that calls itself on its own host.
    }
    return null;
  }

  private static Verdict byDefault(MeshView view, Origin origin, LocalInstance instance) {
    if (origin.isForeign()) {
      return AccessTable.unnamed(instance.service().toString(), origin.peer(), List.of());
    }
    boolean allows = view.settings().map(MeshSettings::defaultAllow).orElse(false);
    if (allows || origin.caller().isEmpty()) {
      return Verdict.OPEN; // Without identity: the mode lets it in, and nothing says otherwise.
    }
    return new Verdict.Denied(
        Verdict.Why.ACCESS,
        "denied by mesh.default-access = deny: no access rule of "
            + instance.service()
            + " allows "
            + origin.name().map(ServiceName::toString).orElse("nobody"),
        MESH_DEFAULT,
        List.of());
  }

  private static Verdict denied(Verdict.Why why, String sentence) {
    return new Verdict.Denied(why, sentence, Mark.NONE, List.of());
  }

  /** Of a target in absolute form its authority, which overrules Host (RFC 9112 section 3.2.2). */
  static @Nullable String host(String target, Request.Fields headers) {
    String authority = RequestPath.authority(target);
    if (authority == null) {
      List<String> hosts = headers.values("host");
      return hosts.size() == 1 ? hosts.getFirst() : null;
    }
    return authority.substring(authority.lastIndexOf('@') + 1);
  }
}
