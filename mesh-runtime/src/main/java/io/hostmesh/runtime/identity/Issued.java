package io.hostmesh.runtime.identity;

import io.hostmesh.runtime.tls.TrustRoots;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What citadel answers to a certificate request.
 *
 * @param chain the leaf first, without the root
 */
public record Issued(List<X509Certificate> chain, TrustRoots roots) {
  public Issued {
    chain = List.copyOf(chain);
  }
}
