package io.hostmesh.citadel.federation;

import io.hostmesh.runtime.tls.ChainTrust;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Trusts the one id that answers for another trust domain, below that domain's own roots and no
 * others (SPIFFE Federation section 5.2.2). Ids of other domains may have any shape.
 */
final class EndpointTrust extends ChainTrust {
  private static final int URI_NAME = 6;

  private final String endpointId;
  private final Supplier<List<X509Certificate>> roots;
  private final InstantSource clock;

  EndpointTrust(String endpointId, Supplier<List<X509Certificate>> roots, InstantSource clock) {
    this.endpointId = endpointId;
    this.roots = roots;
    this.clock = clock;
  }

  @Override
  protected void checkServer(List<X509Certificate> chain) throws CertificateException {
    X509Certificate leaf = chain.getFirst();
    List<String> uris = uris(leaf);
    if (leaf.getBasicConstraints() >= 0 || !uris.equals(List.of(endpointId))) {
      throw new CertificateException("expected " + endpointId + ", the endpoint shows " + uris);
    }
    Set<TrustAnchor> anchors = new HashSet<>();
    roots.get().forEach(root -> anchors.add(new TrustAnchor(root, null)));
    try {
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(clock.instant()));
      List<X509Certificate> path = new ArrayList<>(chain);
      path.removeIf(roots.get()::contains);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (GeneralSecurityException e) {
      throw new CertificateException(
          "the endpoint's certificate is not valid below its domain's bundle: " + e.getMessage(),
          e);
    }
  }

  @Override
  protected void checkClient(List<X509Certificate> chain) throws CertificateException {
    throw new CertificateException("bundle endpoints are servers");
  }

  private static List<String> uris(X509Certificate leaf) throws CertificateException {
    Collection<List<?>> names = leaf.getSubjectAlternativeNames();
    return names == null
        ? List.of()
        : names.stream()
            .filter(name -> name.getFirst() instanceof Integer type && type == URI_NAME)
            .map(name -> String.valueOf(name.get(1)))
            .toList();
  }
}
