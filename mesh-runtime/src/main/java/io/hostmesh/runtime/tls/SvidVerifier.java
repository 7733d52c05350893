package io.hostmesh.runtime.tls;

import io.hostmesh.model.SpiffeId;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decides whether a chain proves a SPIFFE ID (SPIFFE X.509-SVID section 5, RFC 5280 section 6).
 * Safe for any thread. Paths that were valid are remembered, so that a peer that comes again with
 * the same certificates, under the same roots, costs no signatures; its times are judged each time.
 */
public final class SvidVerifier {
  private static final String SCHEME = "spiffe://";
  private static final int LONGEST_DOMAIN = 255;
  private static final int URI_NAME = 6;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  /** More than the services that call one host at a time. */
  private static final int MOST_REMEMBERED = 1024;

  /** Only what was valid gets in, so strangers cannot fill it. */
  private static final Map<Shown, Proven> REMEMBERED = new ConcurrentHashMap<>();

  /** Certificates are equal where all their bytes are. */
  private record Shown(List<X509Certificate> chain, TrustRoots roots, boolean foreign) {}

  /** When the path holds: while all of its certificates do. */
  private record Proven(SpiffeId id, Instant from, Instant until) {
    boolean holds(Instant now) {
      return !now.isBefore(from) && !now.isAfter(until);
    }
  }

  private SvidVerifier() {}

  /**
   * @param chain the leaf first; a root at its end is ignored
   * @return the identity that the leaf proves
   * @throws CertificateException with the reason where it proves none in this trust domain
   */
  public static SpiffeId verify(List<X509Certificate> chain, TrustRoots roots, Instant now)
      throws CertificateException {
    return verify(chain, roots, false, now);
  }

  /**
   * Judges a chain by the roots of the trust domain that its leaf names, and by no others.
   *
   * @param chain the leaf first; a root at its end is ignored
   * @return the identity that the leaf proves: {@link SpiffeId.Foreign} where it is of another
   *     trust domain, whatever its path
   * @throws CertificateException with the reason where it proves none
   */
  public static SpiffeId verify(List<X509Certificate> chain, TrustedDomains domains, Instant now)
      throws CertificateException {
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate was shown");
    }
    String domain = domain(leafUri(chain.getFirst()));
    if (domain.equals(domains.own().trustDomain())) {
      return verify(chain, domains.own(), false, now);
    }
    TrustRoots foreign = domains.foreign().get(domain);
    if (foreign == null) {
      throw new CertificateException(
          "the certificate is of another trust domain than "
              + domains.own().trustDomain()
              + ", and of none that it federates with: "
              + domain.substring(0, Math.min(domain.length(), LONGEST_DOMAIN)));
    }
    SpiffeId id = verifyForeign(chain, foreign, now);
    checkNotDenied(domains.own(), id, chain.getFirst());
    return id;
  }

  /**
   * Judges a chain of another trust domain.
   *
   * @param roots that domain's
   * @throws CertificateException with the reason where it proves no identity of that domain
   */
  public static SpiffeId verifyForeign(List<X509Certificate> chain, TrustRoots roots, Instant now)
      throws CertificateException {
    return verify(chain, roots, true, now);
  }

  private static SpiffeId verify(
      List<X509Certificate> chain, TrustRoots roots, boolean foreign, Instant now)
      throws CertificateException {
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate was shown");
    }
    Shown shown = new Shown(List.copyOf(chain), roots, foreign);
    Proven before = REMEMBERED.get(shown);
    if (before != null && before.holds(now)) {
      return before.id();
    }
    Proven proven = prove(chain, roots, foreign, now);
    if (REMEMBERED.size() >= MOST_REMEMBERED) {
      REMEMBERED.clear();
    }
    REMEMBERED.put(shown, proven);
    return proven.id();
  }

  private static Proven prove(
      List<X509Certificate> chain, TrustRoots roots, boolean foreign, Instant now)
      throws CertificateException {
    SpiffeId id = foreign ? foreignId(chain.getFirst()) : leafId(chain.getFirst());
    if (!id.trustDomain().equals(roots.trustDomain())) {
      throw new CertificateException(
          id + " is of another trust domain than " + roots.trustDomain());
    }
    Set<TrustAnchor> anchors = new HashSet<>();
    for (X509Certificate root : roots.roots()) {
      anchors.add(new TrustAnchor(root, null));
    }
    try {
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false); // Lifetimes are short; a list of denials, no CRLs.
      parameters.setDate(Date.from(now));
      List<X509Certificate> path = new ArrayList<>(chain);
      path.removeIf(roots.roots()::contains);
      if (path.isEmpty()) {
        throw new CertificateException("a root was shown as a leaf");
      }
      checkAuthorities(path.subList(1, path.size()), id.trustDomain());
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      checkNotDenied(roots, id, chain.getFirst());
      return new Proven(
          id,
          Collections.max(path.stream().map(c -> c.getNotBefore().toInstant()).toList()),
          Collections.min(path.stream().map(c -> c.getNotAfter().toInstant()).toList()));
    } catch (DeniedException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException(
          "the certificate of " + id + " is not valid here: " + e.getMessage(), e);
    }
  }

  /**
   * An authority that names a trust domain signs for no other (X.509-SVID section 4.2), though a
   * root may have signed it: cross-signing does not make two domains one.
   */
  private static void checkAuthorities(List<X509Certificate> authorities, String trustDomain)
      throws CertificateException {
    for (X509Certificate authority : authorities) {
      for (String uri : uris(authority)) {
        if (uri.startsWith(SCHEME) && !domain(uri).equals(trustDomain)) {
          throw new CertificateException(
              "it was issued by an authority of another trust domain, " + domain(uri));
        }
      }
    }
  }

  /** The roots vouch for it, and an operator has revoked it. */
  private static final class DeniedException extends CertificateException {
    private static final long serialVersionUID = 1L;

    DeniedException(String message) {
      super(message);
    }
  }

  private static void checkNotDenied(TrustRoots roots, SpiffeId id, X509Certificate leaf)
      throws DeniedException {
    Optional<String> why = roots.denied().denies(id, leaf);
    if (why.isPresent()) {
      throw new DeniedException("the certificate of " + id + " " + why.get());
    }
  }

  /**
   * The id that a leaf claims, without judging who signed it.
   *
   * @throws CertificateException where the certificate breaks a rule for leaf SVIDs
   */
  public static SpiffeId leafId(X509Certificate leaf) throws CertificateException {
    String uri = leafUri(leaf);
    try {
      return SpiffeId.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(e.getMessage(), e);
    }
  }

  private static SpiffeId foreignId(X509Certificate leaf) throws CertificateException {
    String uri = leafUri(leaf);
    try {
      return SpiffeId.Foreign.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(e.getMessage(), e);
    }
  }

  /** Of {@code spiffe://domain/path} the domain; empty where it is no such URI. */
  private static String domain(String uri) {
    if (!uri.startsWith(SCHEME)) {
      return "";
    }
    int slash = uri.indexOf('/', SCHEME.length());
    return uri.substring(SCHEME.length(), slash < 0 ? uri.length() : slash);
  }

  private static String leafUri(X509Certificate leaf) throws CertificateException {
    if (leaf.getBasicConstraints() >= 0) {
      throw new CertificateException("a CA certificate cannot be used as a leaf");
    }
    boolean[] usage = leaf.getKeyUsage();
    if (usage == null || !usage[DIGITAL_SIGNATURE] || usage[KEY_CERT_SIGN] || usage[CRL_SIGN]) {
      throw new CertificateException("the leaf's key usage is not that of an SVID");
    }
    List<String> uris = uris(leaf);
    if (uris.size() != 1) {
      throw new CertificateException("an SVID has one URI name, this one has " + uris.size());
    }
    return uris.getFirst();
  }

  private static List<String> uris(X509Certificate leaf) throws CertificateParsingException {
    Collection<List<?>> names = leaf.getSubjectAlternativeNames();
    if (names == null) {
      return List.of();
    }
    return names.stream()
        .filter(name -> name.getFirst() instanceof Integer type && type == URI_NAME)
        .map(name -> String.valueOf(name.get(1)))
        .toList();
  }
}
