package io.hostmesh.agent.upstream;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.DenyList;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import io.netty.channel.Channel;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The connections to and from other agents whose handshakes are done, with what both ends showed:
 * so that those of a revoked identity end at once. Any thread.
 */
final class LiveTls {
  private static final System.Logger LOG = System.getLogger(LiveTls.class.getName());

  private final Map<Channel, Shown> open = new ConcurrentHashMap<>();

  /**
   * @param roots those of another trust domain that vouched for the peer; null of the own one's
   */
  private record Shown(
      SpiffeId peer, List<X509Certificate> chain, @Nullable TrustRoots roots, Svid own) {
    Shown {
      chain = List.copyOf(chain);
    }

    X509Certificate leaf() {
      return chain.getFirst();
    }

    /**
     * Why another trust domain vouches for it no more. A connection outlives the certificate that
     * it began with, so that is judged as of its end.
     */
    Optional<String> abandonedBy(Map<String, TrustRoots> foreign, Instant now) {
      TrustRoots current = foreign.get(peer.trustDomain());
      if (!(peer instanceof SpiffeId.Foreign) || (current != null && current.equals(roots))) {
        return Optional.empty();
      }
      if (current == null) {
        return Optional.of("the trust domain of " + peer + " is federated no more");
      }
      Instant end = leaf().getNotAfter().toInstant();
      try {
        SvidVerifier.verifyForeign(chain, current, now.isBefore(end) ? now : end);
        return Optional.empty();
      } catch (CertificateException e) {
        return Optional.ofNullable(e.getMessage());
      }
    }

    Optional<String> deniedBy(DenyList denied) {
      return denied
          .denies(peer, leaf())
          .map(why -> "the certificate of " + peer + " " + why)
          .or(
              () ->
                  denied
                      .denies(own.id(), own.leaf())
                      .map(why -> "the own certificate of " + own.id() + " " + why));
    }
  }

  void opened(
      Channel channel,
      SpiffeId peer,
      List<X509Certificate> chain,
      @Nullable TrustRoots foreign,
      Svid own) {
    TrustRoots roots = peer instanceof SpiffeId.Foreign ? foreign : null;
    open.put(channel, new Shown(peer, chain, roots, own));
    channel.closeFuture().addListener(_ -> open.remove(channel));
  }

  int count() {
    return open.size();
  }

  /** Closes one connection, where it would not be let in by now. */
  void recheck(Channel channel, DenyList denied, Map<String, TrustRoots> foreign, Instant now) {
    Shown shown = open.get(channel);
    if (shown != null) {
      shown
          .deniedBy(denied)
          .or(() -> shown.abandonedBy(foreign, now))
          .ifPresent(why -> close(channel, why));
    }
  }

  /** Closes those of other trust domains for whom their domain vouches no more. */
  void closeAbandoned(Map<String, TrustRoots> foreign, Instant now) {
    open.forEach(
        (channel, shown) -> shown.abandonedBy(foreign, now).ifPresent(why -> close(channel, why)));
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
