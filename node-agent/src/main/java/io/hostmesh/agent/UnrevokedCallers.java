package io.hostmesh.agent;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.identity.Identities;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.tls.DenyList;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Takes away the identity of processes whose service, or whose host, was revoked: what they call on
 * this very host would ask for no certificate.
 *
 * @param node this host's name in the mesh
 */
record UnrevokedCallers(Callers callers, Identities identities, String node) implements Callers {
  @Override
  public Caller attest(Channel accepted, InetSocketAddress destination) {
    return unrevoked(callers.attest(accepted, destination));
  }

  @Override
  public void attest(Channel accepted, InetSocketAddress destination, Consumer<Caller> then) {
    callers.attest(accepted, destination, caller -> then.accept(unrevoked(caller)));
  }

  private Caller unrevoked(Caller caller) {
    return caller instanceof Caller.Service(ServiceName service)
        ? revoked(service).<Caller>map(Caller.Unknown::new).orElse(caller)
        : caller;
  }

  private Optional<String> revoked(ServiceName service) {
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
                    .deniesNode(node)
                    .map(
                        why ->
                            "the service " + service + " on the node " + node + ", which " + why));
  }
}
