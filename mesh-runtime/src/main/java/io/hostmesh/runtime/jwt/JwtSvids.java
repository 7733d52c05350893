package io.hostmesh.runtime.jwt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.hostmesh.model.SpiffeId;
import java.security.PrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Signs and judges JWT-SVIDs (<a
 * href="https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md">the standard</a>).
 * Stateless and safe for any thread.
 */
public final class JwtSvids {
  /** A token of ours has some 400 characters; others may name many audiences. */
  private static final int MOST_CHARACTERS = 16 << 10;

  /** Clocks of hosts may be wrong by so much, either way. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  /** Section 2.1: neither "none" nor anything with a shared secret. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512);

  /** SPIFFE-ID section 2: what ids of any trust domain look like. */
  private static final Pattern ID =
      Pattern.compile("spiffe://(?<domain>[a-z0-9._-]{1,255})(/[A-Za-z0-9._-]+)+");

  private JwtSvids() {}

  /** What a token proves. */
  public record Proven(String id, Map<String, Object> claims) {}

  /** A token that proves nothing; the message says why. */
  public static final class InvalidJwt extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidJwt(String message) {
      super(message);
    }

    InvalidJwt(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Signs with ES256; the claims are {@code sub}, {@code aud}, {@code exp} and {@code iat}. */
  public static String sign(
      SpiffeId id,
      List<String> audience,
      Instant now,
      Instant expires,
      String keyId,
      PrivateKey key) {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).keyID(keyId).build(),
            new JWTClaimsSet.Builder()
                .subject(id.uri())
                .audience(audience)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(expires))
                .build());
    try {
      jwt.sign(new ECDSASigner(key, Curve.P_256));
    } catch (JOSEException e) {
      throw new IllegalStateException("a P-256 key does not sign", e);
    }
    return jwt.serialize();
  }

  /**
   * Judges a token.
   *
   * @param audience who judges
   * @param authorities from a trust domain to its keys; none where it is not known
   * @throws InvalidJwt with the reason where it proves nothing to this audience now
   */
  public static Proven verify(
      String token,
      String audience,
      Function<String, ? extends Collection<JwtAuthority>> authorities,
      Instant now)
      throws InvalidJwt {
    if (token.length() > MOST_CHARACTERS) {
      throw new InvalidJwt("the token is longer than " + MOST_CHARACTERS + " characters");
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      checkHeader(jwt.getHeader());
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      String subject = claims.getSubject();
      Matcher id = ID.matcher(subject == null ? "" : subject);
      if (subject == null || !id.matches()) {
        throw new InvalidJwt("its subject is no SPIFFE ID");
      }
      checkSignature(jwt, id.group("domain"), authorities.apply(id.group("domain")), now);
      checkClaims(claims, audience, now);
      return new Proven(subject, claims.toJSONObject());
    } catch (ParseException | IllegalArgumentException e) {
      throw new InvalidJwt("it is no signed JSON Web Token", e);
    }
  }

  private static void checkHeader(JWSHeader header) throws InvalidJwt {
    if (!ALGORITHMS.contains(header.getAlgorithm())) {
      throw new InvalidJwt("its algorithm " + header.getAlgorithm() + " is none of the standard's");
    }
    JOSEObjectType type = header.getType();
    if (type != null && !type.equals(JOSEObjectType.JWT) && !type.equals(JOSEObjectType.JOSE)) {
      throw new InvalidJwt("its type is neither JWT nor JOSE");
    }
  }

  private static void checkSignature(
      SignedJWT jwt, String domain, Collection<JwtAuthority> authorities, Instant now)
      throws InvalidJwt {
    if (authorities.isEmpty()) {
      throw new InvalidJwt("no keys of the trust domain " + domain + " are known here");
    }
    String keyId = jwt.getHeader().getKeyID();
    boolean found = false;
    for (JwtAuthority authority : authorities) {
      if ((keyId == null || keyId.equals(authority.keyId()))
          && now.isBefore(authority.notAfter().plus(SKEW))) {
        found = true;
        if (isSignedBy(jwt, authority)) {
          return;
        }
      }
    }
    throw new InvalidJwt(
        found
            ? "its signature is wrong"
            : "the trust domain " + domain + " has no such key as it names");
  }

  private static boolean isSignedBy(SignedJWT jwt, JwtAuthority authority) {
    try {
      return jwt.verify(
          new DefaultJWSVerifierFactory().createJWSVerifier(jwt.getHeader(), authority.key()));
    } catch (JOSEException e) {
      return false; // An algorithm of another kind of key.
    }
  }

  private static void checkClaims(JWTClaimsSet claims, String audience, Instant now)
      throws InvalidJwt {
    if (!claims.getAudience().contains(audience)) {
      throw new InvalidJwt("it is not for the audience \"" + audience + "\"");
    }
    Date expires = claims.getExpirationTime();
    if (expires == null) {
      throw new InvalidJwt("it never expires");
    }
    if (!now.isBefore(expires.toInstant().plus(SKEW))) {
      throw new InvalidJwt("it expired at " + expires.toInstant());
    }
    for (Date begin : new Date[] {claims.getNotBeforeTime(), claims.getIssueTime()}) {
      if (begin != null && begin.toInstant().isAfter(now.plus(SKEW))) {
        throw new InvalidJwt("it holds only from " + begin.toInstant());
      }
    }
  }

  /** A JWK Set (RFC 7517) of keys; those of a kind that has no JWK are left out. */
  public static String keySet(Collection<JwtAuthority> authorities) {
    List<JWK> keys =
        authorities.stream()
            .flatMap(
                authority ->
                    switch (authority.key()) {
                      case ECPublicKey key ->
                          java.util.stream.Stream.<JWK>of(
                              new ECKey.Builder(Curve.forECParameterSpec(key.getParams()), key)
                                  .keyID(authority.keyId())
                                  .build());
                      case RSAPublicKey key ->
                          java.util.stream.Stream.<JWK>of(
                              new RSAKey.Builder(key).keyID(authority.keyId()).build());
                      default -> java.util.stream.Stream.<JWK>empty();
                    })
            .toList();
    return new JWKSet(keys).toString();
  }
}
