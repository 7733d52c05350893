package io.hostmesh.agent.workloadapi;

import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.PeerProcesses;
import io.hostmesh.agent.workload.PeerProcesses.Peer;
import io.hostmesh.model.ServiceName;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import java.io.IOException;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says which service of this host is at the other end of a connection. */
final class Callers {
  private final PeerProcesses processes = new PeerProcesses();
  private final Function<Peer, Attestation> services;

  /**
   * @param services whose process this is, as for the connections that the agent captures
   */
  Callers(Function<Peer, Attestation> services) {
    this.services = services;
  }

  /**
   * Asked anew for whatever is handed out: the process may have ended or moved since it connected.
   *
   * @param acceptedAt {@link PeerProcesses#now} when the connection came
   * @throws Denied where it is no service, or two, or nobody can say
   */
  ServiceName of(HttpConnection connection, long acceptedAt) throws Denied {
    EpollDomainSocketChannel channel = channel(connection);
    try {
      PeerCredentials credentials = channel.peerCredentials();
      Peer peer =
          processes.find(channel.fd().intValue(), credentials.uid(), credentials.pid(), acceptedAt);
      return switch (services.apply(peer)) {
        case Attestation.Attested attested -> attested.service();
        case Attestation.Unknown unknown ->
            throw new Denied(
                "process "
                    + peer.pid()
                    + " ("
                    + unknown.owner()
                    + ") belongs to no service that is declared on this host");
        case Attestation.Ambiguous ambiguous ->
            throw new Denied(
                "process "
                    + peer.pid()
                    + " ("
                    + ambiguous.owner()
                    + ") is claimed by "
                    + ambiguous.claimants().stream()
                        .map(workload -> workload.service().toString())
                        .distinct()
                        .collect(Collectors.joining(" and "))
                    + "; give each a workload of its own");
        case Attestation.NotLocal _ ->
            throw new Denied("process " + peer.pid() + " is not known to this host");
      };
    } catch (PeerProcesses.Gone e) {
      throw new Denied(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new Denied("the kernel does not say who calls: " + e.getMessage());
    }
  }

  /**
   * @throws IOException where the connection is gone
   */
  static int uid(HttpConnection connection) throws IOException {
    return channel(connection).peerCredentials().uid();
  }

  private static EpollDomainSocketChannel channel(HttpConnection connection) {
    return (EpollDomainSocketChannel)
        ((HttpServerConnection) connection).channelHandlerContext().channel();
  }
}
