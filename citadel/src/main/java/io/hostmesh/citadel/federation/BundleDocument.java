package io.hostmesh.citadel.federation;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64;
import io.hostmesh.runtime.jwt.DomainBundle;
import io.hostmesh.runtime.jwt.JwtAuthority;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A trust bundle as the SPIFFE Trust Domain and Bundle standard writes it: a JWK Set whose keys say
 * what they are for.
 *
 * @param refresh how often it should be looked at, as its domain hints
 */
record BundleDocument(DomainBundle bundle, Duration refresh) {
  static final int MOST_BYTES = 1 << 20;
  private static final int MOST_KEYS = 256;
  private static final KeyUse X509 = new KeyUse("x509-svid");
  private static final KeyUse JWT = new KeyUse("jwt-svid");
  private static final String SEQUENCE = "spiffe_sequence";
  private static final String REFRESH = "spiffe_refresh_hint";
  private static final Duration USUAL = Duration.ofMinutes(5);
  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofHours(24);

  /**
   * The keys of a document say nothing of when they end: they go when the document has them no
   * more.
   */
  private static final Instant OPEN_END = Instant.ofEpochSecond(253_402_300_799L);

  /** The document of a bundle. */
  String text() {
    List<JWK> keys = new ArrayList<>();
    for (X509Certificate root : bundle.roots()) {
      try {
        keys.add(key(root.getPublicKey(), X509, null, List.of(Base64.encode(root.getEncoded()))));
      } catch (CertificateEncodingException e) {
        throw new IllegalStateException("a root cannot be encoded", e);
      }
    }
    for (JwtAuthority authority : bundle.jwtAuthorities()) {
      keys.add(key(authority.key(), JWT, authority.keyId(), List.of()));
    }
    Map<String, Object> more = new LinkedHashMap<>();
    more.put(SEQUENCE, bundle.sequence());
    more.put(REFRESH, refresh.toSeconds());
    return new JWKSet(keys, more).toString();
  }

  private static JWK key(
      PublicKey key, KeyUse use, @Nullable String keyId, List<Base64> certificates) {
    List<Base64> chain = certificates.isEmpty() ? null : certificates;
    return switch (key) {
      case ECPublicKey ec ->
          new ECKey.Builder(Curve.forECParameterSpec(ec.getParams()), ec)
              .keyUse(use)
              .keyID(keyId)
              .x509CertChain(chain)
              .build();
      case RSAPublicKey rsa ->
          new RSAKey.Builder(rsa).keyUse(use).keyID(keyId).x509CertChain(chain).build();
      default -> throw new IllegalArgumentException("a key that has no JWK");
    };
  }

  /**
   * Reads another domain's document.
   *
   * @throws IllegalArgumentException with the reason where it cannot be used
   */
  static BundleDocument parse(String trustDomain, String text) {
    if (text.length() > MOST_BYTES) {
      throw new IllegalArgumentException("the bundle is longer than " + MOST_BYTES + " bytes");
    }
    try {
      JWKSet set = JWKSet.parse(text);
      if (set.getKeys().size() > MOST_KEYS) {
        throw new IllegalArgumentException("the bundle has more than " + MOST_KEYS + " keys");
      }
      List<X509Certificate> roots = new ArrayList<>();
      List<JwtAuthority> authorities = new ArrayList<>();
      for (JWK key : set.getKeys()) {
        // What has another use, or none, is not for us (section 4.2.2).
        if (X509.equals(key.getKeyUse())) {
          root(key, roots);
        } else if (JWT.equals(key.getKeyUse())) {
          authorities.add(authority(key));
        }
      }
      if (roots.isEmpty() && authorities.isEmpty()) {
        throw new IllegalArgumentException("the bundle has no keys of SVIDs");
      }
      return new BundleDocument(
          new DomainBundle(
              trustDomain, roots, authorities, number(set.getAdditionalMembers().get(SEQUENCE), 0)),
          refresh(number(set.getAdditionalMembers().get(REFRESH), USUAL.toSeconds())));
    } catch (ParseException | JOSEException e) {
      throw new IllegalArgumentException("not a SPIFFE bundle: " + e.getMessage(), e);
    }
  }

  private static void root(JWK key, List<X509Certificate> roots) {
    List<X509Certificate> certificates = key.getParsedX509CertChain();
    if (certificates == null || certificates.size() != 1) {
      throw new IllegalArgumentException("a key for x509-svid does not have one certificate");
    }
    X509Certificate root = certificates.getFirst();
    if (root.getBasicConstraints() < 0) {
      throw new IllegalArgumentException("a certificate for x509-svid is no CA's");
    }
    roots.add(root);
  }

  private static JwtAuthority authority(JWK key) throws JOSEException {
    String keyId = key.getKeyID();
    if (keyId == null || keyId.isEmpty()) {
      throw new IllegalArgumentException("a key for jwt-svid has no kid");
    }
    return switch (key) {
      case ECKey ec -> new JwtAuthority(keyId, ec.toECPublicKey(), OPEN_END);
      case RSAKey rsa -> new JwtAuthority(keyId, rsa.toRSAPublicKey(), OPEN_END);
      default -> throw new IllegalArgumentException("a key for jwt-svid is neither EC nor RSA");
    };
  }

  private static long number(@Nullable Object value, long otherwise) {
    return value instanceof Number number && number.longValue() >= 0
        ? number.longValue()
        : otherwise;
  }

  private static Duration refresh(long seconds) {
    Duration hint = Duration.ofSeconds(Math.min(seconds, LONGEST.toSeconds()));
    return hint.compareTo(SHORTEST) < 0 ? SHORTEST : hint;
  }
}
