package io.hostmesh.runtime.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

/**
 * The roots that hold for a trust domain (SPIFFE trust bundle), and who is denied below them.
 *
 * @param sequence grows with every change of the roots at citadel
 * @param denied refused although the roots vouch for them
 * @param retiring subject key identifiers, hexadecimal, of authorities on their way out: what they
 *     issued still holds and is renewed early
 */
public record TrustRoots(
    String trustDomain,
    List<X509Certificate> roots,
    long sequence,
    DenyList denied,
    Set<String> retiring) {
  public TrustRoots {
    roots = List.copyOf(roots);
    retiring = Set.copyOf(retiring);
  }

  /** Roots where nobody is denied and nothing is on its way out. */
  public TrustRoots(String trustDomain, List<X509Certificate> roots, long sequence) {
    this(trustDomain, roots, sequence, DenyList.EMPTY, Set.of());
  }

  /** Whether a chain was issued by an authority that is on its way out. */
  public boolean isRetiring(List<X509Certificate> chain) {
    return !retiring.isEmpty()
        && chain.stream()
            .anyMatch(
                certificate ->
                    KeyIds.authority(certificate).filter(retiring::contains).isPresent());
  }

  /** The roots of the higher sequence, with the denials of the higher one. */
  public TrustRoots merged(TrustRoots heard) {
    TrustRoots newer = heard.sequence >= sequence ? heard : this;
    DenyList denials = heard.denied.sequence() >= denied.sequence() ? heard.denied : denied;
    return new TrustRoots(newer.trustDomain, newer.roots, newer.sequence, denials, newer.retiring);
  }
}
