package io.hostmesh.agent.workloadapi;

import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.PeerProcesses;
import io.hostmesh.agent.workload.PeerProcesses.Peer;
import io.hostmesh.agent.workload.SocketOwner;
import io.hostmesh.model.ServiceName;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says which service of this host is at the other end of a connection. */
final class Callers {
  private final PeerProcesses processes = new PeerProcesses();
  private final WorkloadApi.Services services;

  /**
   * @param services whose process this is, as for the connections that the agent captures
   */
  Callers(WorkloadApi.Services services) {
    this.services = services;
  }

  /**
   * Asked anew for whatever is handed out: the process may have ended or moved since it connected.
   *
   * @param acceptedAt {@link PeerProcesses#now} when the connection came
   * @return fails with {@link Denied} where it is no service, or two, or nobody can say; done on
   *     the connection's event loop
   */
  Future<ServiceName> of(HttpConnection connection, long acceptedAt) {
    EpollDomainSocketChannel channel = channel(connection);
    try {
      PeerCredentials credentials = channel.peerCredentials();
      Peer peer =
          processes.find(channel.fd().intValue(), credentials.uid(), credentials.pid(), acceptedAt);
      Promise<ServiceName> answer = Promise.promise();
      services.attest(peer, channel.eventLoop(), found -> answer.handle(service(peer, found)));
      return answer.future();
    } catch (PeerProcesses.Gone e) {
      return Future.failedFuture(new Denied(String.valueOf(e.getMessage())));
    } catch (IOException e) {
      return Future.failedFuture(
          new Denied("the kernel does not say who calls: " + e.getMessage()));
    }
  }

  private static Future<ServiceName> service(Peer peer, Attestation found) {
    return switch (found) {
      case Attestation.Attested attested -> Future.succeededFuture(attested.service());
      case Attestation.Unknown(SocketOwner owner, Optional<String> doubt) ->
          denied(
              peer,
              " ("
                  + owner
                  + ") belongs to no service that is declared on this host"
                  + doubt.map(why -> ": " + why).orElse(""));
      case Attestation.Ambiguous ambiguous ->
          denied(
              peer,
              " ("
                  + ambiguous.owner()
                  + ") is claimed by "
                  + ambiguous.claimants().stream()
                      .map(workload -> workload.service().toString())
                      .distinct()
                      .collect(Collectors.joining(" and "))
                  + "; give each a workload of its own");
      case Attestation.NotLocal _ -> denied(peer, " is not known to this host");
    };
  }

  private static Future<ServiceName> denied(Peer peer, String why) {
    return Future.failedFuture(new Denied("process " + peer.pid() + why));
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
