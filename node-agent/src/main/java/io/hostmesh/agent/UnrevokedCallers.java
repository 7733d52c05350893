package io.hostmesh.agent;

import io.hostmesh.agent.connection.Caller;
import io.hostmesh.agent.connection.Callers;
import io.hostmesh.agent.identity.RevokedHere;
import io.hostmesh.model.ServiceName;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * Takes away the identity of processes whose service, or whose host, was revoked: what they call on
 * this very host would ask for no certificate.
 */
record UnrevokedCallers(Callers callers, RevokedHere revoked) implements Callers {
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
        ? revoked.why(service).<Caller>map(Caller.Unknown::new).orElse(caller)
        : caller;
  }
}
