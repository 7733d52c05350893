package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import java.util.Optional;
import java.util.function.Function;

/** The receiver's decision on a call, from one view of the mesh. */
final class Access {
  private Access() {}

  /** Judges one request; empty where it may go on. */
  static Optional<Failure> request(
      MeshView view, Origin origin, LocalInstance instance, String method, String path) {
    return judge(view, origin, instance, table -> table.request(name(origin), method, path));
  }

  /** Judges a bare connection. */
  static Optional<Failure> connection(MeshView view, Origin origin, LocalInstance instance) {
    return judge(view, origin, instance, table -> table.connection(name(origin)));
  }

  private static Optional<ServiceName> name(Origin origin) {
    return origin.caller().map(caller -> caller.name());
  }

  private static Optional<Failure> judge(
      MeshView view, Origin origin, LocalInstance instance, Function<AccessTable, Verdict> byRule) {
    ServiceName service = instance.service();
    MeshSettings settings = view.settings().orElse(null);
    if (settings == null) {
      return failure(
          Failure.Kind.NO_ROUTE,
          "this host's agent has had no configuration from pilot yet, so nobody may call "
              + service);
    }
    if (origin.caller().isEmpty() && settings.strict()) {
      return failure(
          Failure.Kind.PLAINTEXT_REFUSED,
          "the mesh is strict and "
              + origin.unknown()
              + " has no identity: it may not call "
              + service
              + "; declare the caller as a service of its host (/etc/hostmesh/services.d)");
    }
    if (origin.arrival() == Origin.Arrival.CAPTURED && name(origin).equals(Optional.of(service))) {
      return Optional.empty(); // A service that calls itself on its own host.
    }
    Optional<AccessTable> table = view.access(service);
    if (table.isPresent()) {
      return switch (byRule.apply(table.get())) {
        case Verdict.Allowed _ -> Optional.empty();
        case Verdict.Denied denied -> failure(Failure.Kind.ACCESS_DENIED, denied.sentence());
      };
    }
    if (settings.defaultAllow() || origin.caller().isEmpty()) {
      return Optional.empty(); // Without identity: permissive, and nothing says otherwise.
    }
    return failure(
        Failure.Kind.ACCESS_DENIED,
        "denied by mesh.default-access = deny: no access rule of "
            + service
            + " allows "
            + name(origin).map(ServiceName::toString).orElse("nobody"));
  }

  private static Optional<Failure> failure(Failure.Kind kind, String sentence) {
    return Optional.of(new Failure(kind, sentence));
  }
}
