package io.hostmesh.runtime.jwt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.jwt.JwtSvids.InvalidJwt;
import io.hostmesh.runtime.jwt.JwtSvids.Proven;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tokens that prove an identity, and all the ways in which they do not. */
class JwtSvidsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
  private static final SpiffeId WEB =
      SpiffeId.Service.of("hostmesh.local", "dc1", ServiceName.of("web"));
  private static final KeyPair OURS = KeyPairs.generate();
  private static final KeyPair THEIRS = KeyPairs.generate();

  private static final Map<String, List<JwtAuthority>> KEYS =
      Map.of(
          "hostmesh.local",
          List.of(new JwtAuthority("k1", OURS.getPublic(), NOW.plusSeconds(3600))),
          "other.example",
          List.of(new JwtAuthority("k2", THEIRS.getPublic(), NOW.plusSeconds(3600))));

  private static Proven verify(String token) throws InvalidJwt {
    return JwtSvids.verify(token, "billing", domain -> KEYS.getOrDefault(domain, List.of()), NOW);
  }

  private static void refused(String token, String why) {
    assertThatThrownBy(() -> verify(token))
        .isInstanceOf(InvalidJwt.class)
        .hasMessageContaining(why);
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .subject(WEB.uri())
        .audience("billing")
        .issueTime(Date.from(NOW))
        .expirationTime(Date.from(NOW.plusSeconds(300)));
  }

  private static String signed(JWSHeader header, JWTClaimsSet claims, JWSSigner signer)
      throws Exception {
    SignedJWT jwt = new SignedJWT(header, claims);
    jwt.sign(signer);
    return jwt.serialize();
  }

  private static String signed(JWTClaimsSet claims) throws Exception {
    return signed(header().build(), claims, ours());
  }

  private static JWSHeader.Builder header() {
    return new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).keyID("k1");
  }

  private static JWSSigner ours() throws Exception {
    return new ECDSASigner(OURS.getPrivate(), Curve.P_256);
  }

  private static String ours(String... audience) {
    return JwtSvids.sign(
        WEB, Arrays.asList(audience), NOW, NOW.plusSeconds(300), "k1", OURS.getPrivate());
  }

  @Test
  void aTokenProvesItsSubjectToEachOfItsAudiences() throws Exception {
    assertThat(verify(ours("billing")).id()).isEqualTo(WEB.uri());
    assertThat(verify(ours("audit", "billing")).claims())
        .containsOnlyKeys("sub", "aud", "exp", "iat");
    refused(ours("audit"), "it is not for the audience \"billing\"");
  }

  @Test
  void aTokenOfAnotherTrustDomainIsJudgedByThatDomainsKeysOnly() throws Exception {
    JWTClaimsSet foreign = claims().subject("spiffe://other.example/any/shape/at.all").build();
    JWSSigner theirs = new ECDSASigner(THEIRS.getPrivate(), Curve.P_256);
    assertThat(verify(signed(header().keyID("k2").build(), foreign, theirs)).id())
        .isEqualTo("spiffe://other.example/any/shape/at.all");
    refused(signed(header().keyID("k2").build(), claims().build(), theirs), "has no such key");
    refused(signed(header().build(), claims().build(), theirs), "its signature is wrong");
    refused(signed(foreign), "has no such key");
    refused(
        signed(claims().subject("spiffe://unknown.example/x").build()),
        "no keys of the trust domain unknown.example");
  }

  @Test
  void algorithmsThatNeedNoPrivateKeyAreRefused() throws Exception {
    refused(new PlainJWT(claims().build()).serialize(), "no signed JSON Web Token");
    byte[] ourPublicKey = OURS.getPublic().getEncoded();
    refused(
        signed(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(),
            claims().build(),
            new MACSigner(ourPublicKey)),
        "its algorithm HS256 is none of the standard's");
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    refused(
        signed(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k1").build(),
            claims().build(),
            new RSASSASigner(generator.generateKeyPair().getPrivate())),
        "its signature is wrong");
  }

  @Test
  void timesAreKept() throws Exception {
    refused(
        signed(claims().expirationTime(Date.from(NOW.minusSeconds(301))).build()), "it expired");
    refused(signed(claims().expirationTime(null).build()), "it never expires");
    refused(
        signed(claims().notBeforeTime(Date.from(NOW.plusSeconds(301))).build()), "it holds only");
    refused(signed(claims().issueTime(Date.from(NOW.plusSeconds(301))).build()), "it holds only");
    // A clock may be wrong by five minutes.
    assertThat(verify(signed(claims().issueTime(Date.from(NOW.plusSeconds(299))).build())).id())
        .isEqualTo(WEB.uri());
    assertThat(
            verify(signed(claims().expirationTime(Date.from(NOW.minusSeconds(299))).build())).id())
        .isEqualTo(WEB.uri());
  }

  @Test
  void whatIsNoJwtSvidIsRefused() throws Exception {
    refused("", "no signed JSON Web Token");
    refused("a.b.c", "no signed JSON Web Token");
    refused("x".repeat(20_000), "longer than");
    refused(signed(claims().subject(null).build()), "no SPIFFE ID");
    refused(signed(claims().subject("web").build()), "no SPIFFE ID");
    refused(signed(claims().subject("spiffe://hostmesh.local").build()), "no SPIFFE ID");
    refused(signed(claims().subject("spiffe://hostmesh.local/a//b").build()), "no SPIFFE ID");
    refused(
        signed(header().type(new JOSEObjectType("at+jwt")).build(), claims().build(), ours()),
        "neither JWT nor JOSE");
    String good = ours("billing");
    refused(good.substring(0, good.length() - 4) + "AAAA", "its signature is wrong");
  }

  @Test
  void aKeyThatHasExpiredJudgesNothing() {
    assertThatThrownBy(
            () ->
                JwtSvids.verify(
                    ours("billing"),
                    "billing",
                    _ -> List.of(new JwtAuthority("k1", OURS.getPublic(), NOW.minusSeconds(301))),
                    NOW))
        .hasMessageContaining("has no such key");
  }

  @Test
  void aKeySetHasThePublicKeysAndNoUse() throws Exception {
    JWKSet set = JWKSet.parse(JwtSvids.keySet(KEYS.getOrDefault("hostmesh.local", List.of())));
    assertThat(set.getKeyByKeyId("k1").toECKey().toECPublicKey()).isEqualTo(OURS.getPublic());
    assertThat(set.containsNonPublicKeys()).isFalse();
    assertThat(JwtSvids.keySet(List.of())).isEqualTo("{\"keys\":[]}");
  }
}
