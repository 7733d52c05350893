package io.hostmesh.agent.enduser;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The public keys of one issuer. Immutable, for any thread. */
final class KeyRing {
  /** Signatures with public keys only: none, and no secret that a public key could pass for. */
  static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private static final int MIN_RSA_BITS = 2048;

  /** Of keys that may be meant where a token does not say which. */
  private static final int MAX_TRIES = 4;

  private record Key(@Nullable String id, @Nullable Algorithm algorithm, JWSVerifier verifier) {
    boolean takes(JWSHeader header) {
      return (header.getKeyID() == null || header.getKeyID().equals(id))
          && (algorithm == null || algorithm.equals(header.getAlgorithm()))
          && verifier.supportedJWSAlgorithms().contains(header.getAlgorithm());
    }
  }

  private final List<Key> keys;

  private KeyRing(List<Key> keys) {
    this.keys = keys;
  }

  /**
   * Reads a JWK Set; keys that cannot verify signatures are left out.
   *
   * @throws ParseException where it is none, or none of its keys can be used
   */
  static KeyRing parse(String json) throws ParseException {
    List<Key> keys = new ArrayList<>();
    for (JWK key : JWKSet.parse(json).getKeys()) {
      JWSVerifier verifier = isForSignatures(key) ? verifier(key) : null;
      if (verifier != null) {
        keys.add(new Key(key.getKeyID(), key.getAlgorithm(), verifier));
      }
    }
    if (keys.isEmpty()) {
      throw new ParseException("no RSA key of 2048 bits or more and no EC key for signatures", 0);
    }
    return new KeyRing(List.copyOf(keys));
  }

  private static boolean isForSignatures(JWK key) {
    return (key.getKeyUse() == null || key.getKeyUse().equals(KeyUse.SIGNATURE))
        && (key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY));
  }

  private static @Nullable JWSVerifier verifier(JWK key) {
    try {
      return switch (key) {
        case RSAKey rsa when rsa.size() >= MIN_RSA_BITS -> new RSASSAVerifier(rsa.toPublicJWK());
        case ECKey ec -> new ECDSAVerifier(ec.toPublicJWK());
        default -> null;
      };
    } catch (JOSEException e) {
      return null; // A curve that this JDK does not have.
    }
  }

  /** The verifiers of the keys that a token's head may mean; empty where it means none of these. */
  List<JWSVerifier> matching(JWSHeader header) {
    return keys.stream()
        .filter(key -> key.takes(header))
        .limit(MAX_TRIES)
        .map(Key::verifier)
        .toList();
  }
}
