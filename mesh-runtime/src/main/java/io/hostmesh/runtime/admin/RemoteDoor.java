package io.hostmesh.runtime.admin;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.TrustRoots;
import java.math.BigInteger;
import java.time.InstantSource;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import javax.net.ssl.X509KeyManager;

/**
 * What a daemon needs to be asked from other hosts: TLS 1.3, both sides with certificates.
 *
 * @param keys the daemon's own SVID
 * @param roots by which operators are judged, at each handshake and each request
 * @param revoked whether a certificate, by its id and serial number, counts no more
 */
public record RemoteDoor(
    X509KeyManager keys,
    Supplier<TrustRoots> roots,
    BiPredicate<SpiffeId, BigInteger> revoked,
    InstantSource clock) {
  OperatorTrust trust() {
    return new OperatorTrust(roots, revoked, clock);
  }
}
