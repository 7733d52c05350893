package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.NormalPath;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The receiver's decision on a call, from one view of the mesh. */
final class Access {
  private Access() {}

  /**
   * Judges one request; empty where it may go on.
   *
   * <p>Where rules speak of paths, the request goes on with its target in normal form.
   */
  static Optional<Failure> request(
      MeshView view, Origin origin, LocalInstance instance, HttpRequest head) {
    AccessTable table = view.access(instance.service()).orElse(null);
    if (table == null) {
      return judge(view, origin, instance, null);
    }
    String method = head.method().name();
    if (!table.readsPaths()) {
      return judge(view, origin, instance, table.request(origin.name(), method, head.uri()));
    }
    return switch (RequestPath.read(head.uri())) {
      case RequestPath.Reading.Ambiguous(String why) ->
          failure(
              Failure.Kind.MALFORMED,
              instance.service()
                  + " has access rules on paths, and the path "
                  + RequestPath.shown(RequestPath.of(head.uri()))
                  + " "
                  + why
                  + ", which applications read in different ways");
      case RequestPath.Reading.Normal(String target, String path) -> {
        head.setUri(target);
        Verdict byRule = table.request(origin.name(), method, path);
        if (byRule instanceof Verdict.Allowed && NormalPath.hasParameters(path)) {
          // Some applications do not see them.
          byRule = table.request(origin.name(), method, NormalPath.withoutParameters(path));
        }
        yield judge(view, origin, instance, byRule);
      }
    };
  }

  /** Judges a bare connection. */
  static Optional<Failure> connection(MeshView view, Origin origin, LocalInstance instance) {
    AccessTable table = view.access(instance.service()).orElse(null);
    Verdict byRule = table == null ? null : table.connection(origin.name());
    return judge(view, origin, instance, byRule);
  }

  /**
   * @param byRule null where no rule speaks of the service
   */
  private static Optional<Failure> judge(
      MeshView view, Origin origin, LocalInstance instance, @Nullable Verdict byRule) {
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
    if (origin.arrival() == Origin.Arrival.CAPTURED && service.equals(origin.name().orElse(null))) {
      return Optional.empty(); // A service that calls itself on its own host.
    }
    if (byRule != null) {
      return switch (byRule) {
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
            + origin.name().map(ServiceName::toString).orElse("nobody"));
  }

  private static Optional<Failure> failure(Failure.Kind kind, String sentence) {
    return Optional.of(new Failure(kind, sentence));
  }
}
