package io.hostmesh.runtime.tls;

import io.hostmesh.model.SpiffeId;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decides whether a chain proves a SPIFFE ID (SPIFFE X.509-SVID section 5, RFC 5280 section 6).
 * Safe for any thread. Paths that were valid are remembered, so that a peer that comes again with
 * the same certificates, under the same roots, costs no signatures; its times are judged each time.
 */
public final class SvidVerifier {
  private static final String SCHEME = "spiffe://";
  private static final int URI_NAME = 6;

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
    CertificateRules.checkSize(chain);
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
              + CertificateRules.shortened(domain));
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
    CertificateRules.checkSize(chain);
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
    try {
      checkAuthorities(
          chain.stream().skip(1).filter(each -> !roots.roots().contains(each)).toList(),
          id.trustDomain());
      CertificatePath path = CertificatePath.of(chain, roots.roots(), now);
      checkNotDenied(roots, id, chain.getFirst());
      return new Proven(id, path.from(), path.until());
    } catch (DeniedException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException(
          "the certificate of " + id + " is not valid here: " + e.getMessage(), e);
    }
  }

  /**
   * An authority that names a trust domain signs for no other, though a root may have signed it:
   * cross-signing does not make two domains one. It has no path, which is what leaves have
   * (X.509-SVID sections 3.2 and 4.2).
   */
  private static void checkAuthorities(List<X509Certificate> authorities, String trustDomain)
      throws CertificateException {
    for (X509Certificate authority : authorities) {
      List<String> ids =
          uris(authority).stream()
              .filter(uri -> uri.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
              .toList();
      if (ids.size() > 1) {
        throw new CertificateException("it was issued by an authority of " + ids.size() + " ids");
      }
      for (String uri : ids) {
        if (!domain(uri).equals(trustDomain)) {
          throw new CertificateException(
              "it was issued by an authority of another trust domain, "
                  + CertificateRules.shortened(domain(uri)));
        }
        if (!uri.equals(SCHEME + trustDomain)) {
          throw new CertificateException(
              "it was issued by " + CertificateRules.shortened(uri) + ", which is no authority");
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
    CertificateRules.checkLeaf(leaf);
    String uri = leafUri(leaf);
    try {
      return SpiffeId.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(CertificateRules.shortened(String.valueOf(e.getMessage())), e);
    }
  }

  private static SpiffeId foreignId(X509Certificate leaf) throws CertificateException {
    CertificateRules.checkLeaf(leaf);
    String uri = leafUri(leaf);
    try {
      return SpiffeId.Foreign.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new CertificateException(CertificateRules.shortened(String.valueOf(e.getMessage())), e);
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
