package io.hostmesh.agent.upstream;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.Svid;
import io.netty.channel.Channel;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The connections to and from other agents whose handshakes are done, with what both ends showed:
 * so that those of a revoked identity end at once. Any thread.
 */
final class LiveTls {
  private static final System.Logger LOG = System.getLogger(LiveTls.class.getName());

  private final Map<Channel, Shown> open = new ConcurrentHashMap<>();

  private record Shown(SpiffeId.Service peer, X509Certificate leaf, Svid own) {
    Optional<String> deniedBy(DenyList denied) {
      return denied
          .denies(peer, leaf)
          .map(why -> "the certificate of " + peer + " " + why)
          .or(
              () ->
                  denied
                      .denies(own.id(), own.leaf())
                      .map(why -> "the own certificate of " + own.id() + " " + why));
    }
  }

  void opened(Channel channel, SpiffeId.Service peer, X509Certificate leaf, Svid own) {
    open.put(channel, new Shown(peer, leaf, own));
    channel.closeFuture().addListener(_ -> open.remove(channel));
  }

  int count() {
    return open.size();
  }

  /** Closes what is denied. */
  void close(DenyList denied) {
    if (!denied.entries().isEmpty()) {
      open.forEach(
          (channel, shown) -> shown.deniedBy(denied).ifPresent(why -> close(channel, why)));
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // The channel's end shows.
  private static void close(Channel channel, String why) {
    LOG.log(
        System.Logger.Level.WARNING,
        "closed the connection with " + channel.remoteAddress() + ": " + why);
    channel.close();
  }
}
