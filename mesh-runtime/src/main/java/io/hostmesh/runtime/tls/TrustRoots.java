package io.hostmesh.runtime.tls;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The roots that hold for a trust domain (SPIFFE trust bundle).
 *
 * @param sequence grows with every change at citadel
 */
public record TrustRoots(String trustDomain, List<X509Certificate> roots, long sequence) {
  public TrustRoots {
    roots = List.copyOf(roots);
  }
}
