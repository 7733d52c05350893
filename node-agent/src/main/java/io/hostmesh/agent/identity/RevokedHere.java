package io.hostmesh.agent.identity;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.DenyList;
import java.util.Optional;

/**
 * Which services of this host were revoked: among neighbours, who show each other no certificate,
 * they neither call nor are called. Safe for any thread.
 */
@FunctionalInterface
public interface RevokedHere {
  /** No service is revoked. */
  RevokedHere NOBODY = _ -> Optional.empty();

  /**
   * @return the service and why it was, for instance {@code the service web, which was revoked (r1:
   *     stolen)}; empty where it was not
   */
  Optional<String> why(ServiceName service);

  /**
   * By the deny list of the roots that hold now.
   *
   * @param node this host's name in the mesh
   */
  static RevokedHere by(Identities identities, String node) {
    return service -> {
      DenyList denied = identities.roots().map(roots -> roots.denied()).orElse(DenyList.EMPTY);
      if (denied.entries().isEmpty()) {
        return Optional.empty();
      }
      return denied
          .denies(service)
          .map(why -> "the service " + service + ", which " + why)
          .or(
              () ->
                  denied
                      .deniesOn(node, service)
                      .map(
                          why ->
                              "the service "
                                  + service
                                  + " on the node "
                                  + node
                                  + ", which "
                                  + why));
    };
  }
}
