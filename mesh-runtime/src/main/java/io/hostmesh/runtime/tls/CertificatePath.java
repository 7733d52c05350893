package io.hostmesh.runtime.tls;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Set;

/**
 * A chain that leads to a root (RFC 5280 section 6), where all on it keep {@link CertificateRules},
 * the root too: it is bound by its own validity, path length and name constraints.
 *
 * @param certificates the leaf first, the root last
 */
record CertificatePath(List<X509Certificate> certificates) {
  CertificatePath {
    certificates = List.copyOf(certificates);
  }

  /** From when on all of it holds. */
  Instant from() {
    return Collections.max(certificates.stream().map(c -> c.getNotBefore().toInstant()).toList());
  }

  /** Until when all of it holds. */
  Instant until() {
    return Collections.min(certificates.stream().map(c -> c.getNotAfter().toInstant()).toList());
  }

  /**
   * Judges a chain.
   *
   * @param chain the leaf first, judged by itself already; roots among the others are passed over
   * @throws GeneralSecurityException with the reason where it leads to none of the roots now
   */
  static CertificatePath of(List<X509Certificate> chain, List<X509Certificate> roots, Instant now)
      throws GeneralSecurityException {
    List<X509Certificate> path = new ArrayList<>(chain);
    path.removeIf(roots::contains);
    if (path.isEmpty() || !path.getFirst().equals(chain.getFirst())) {
      throw new CertificateException("a root was shown as a leaf");
    }
    CertificateRules.checkHolds(path.getFirst(), "it", now);
    for (X509Certificate authority : path.subList(1, path.size())) {
      CertificateRules.checkIntermediate(authority);
      CertificateRules.checkHolds(authority, "an authority above it", now);
    }
    for (int i = 0; i + 1 < path.size(); i++) {
      CertificateRules.checkIssuer(path.get(i), path.get(i + 1));
    }
    GeneralSecurityException why = null;
    for (X509Certificate root : roots) {
      if (root.getSubjectX500Principal().equals(path.getLast().getIssuerX500Principal())) {
        try {
          return under(root, path, now);
        } catch (GeneralSecurityException e) {
          why = e;
        }
      }
    }
    throw why != null
        ? why
        : new CertificateException(
            "its issuer is none of the roots: "
                + CertificateRules.shortened(path.getLast().getIssuerX500Principal().getName()));
  }

  private static CertificatePath under(
      X509Certificate root, List<X509Certificate> path, Instant now)
      throws GeneralSecurityException {
    CertificateRules.checkRoot(root);
    CertificateRules.checkHolds(root, "the root above it", now);
    CertificateRules.checkIssuer(path.getLast(), root);
    long authorities =
        path.subList(1, path.size()).stream().filter(each -> !isSelfIssued(each)).count();
    if (authorities > root.getBasicConstraints()) {
      throw new CertificateException("the root allows no path of this length");
    }
    boolean isConstrained = root.getExtensionValue(CertificateRules.NAME_CONSTRAINTS) != null;
    List<X509Certificate> whole = new ArrayList<>(path);
    whole.add(root);
    validate(isConstrained ? whole : path, anchor(root, isConstrained), now);
    return new CertificatePath(whole);
  }

  /**
   * The JDK does not look at a root's constraints: where there are any, the root is judged as the
   * first authority below its own name and key.
   */
  private static TrustAnchor anchor(X509Certificate root, boolean isConstrained) {
    return isConstrained
        ? new TrustAnchor(root.getSubjectX500Principal(), root.getPublicKey(), null)
        : new TrustAnchor(root, null);
  }

  private static void validate(List<X509Certificate> path, TrustAnchor anchor, Instant now)
      throws GeneralSecurityException {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(anchor));
      parameters.setRevocationEnabled(false); // Lifetimes are short; a list of denials, no CRLs.
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("a set of one root is empty", e);
    } catch (RuntimeException e) {
      // The JDK's way with permitted URIs of two authorities that have nothing in common.
      throw new CertificateException("its authorities' constraints cannot be kept", e);
    }
  }

  private static boolean isSelfIssued(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }
}
