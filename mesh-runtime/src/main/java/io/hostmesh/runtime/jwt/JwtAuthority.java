package io.hostmesh.runtime.jwt;

import com.google.protobuf.ByteString;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;

/**
 * A key that signs the JWT-SVIDs of a trust domain.
 *
 * @param keyId the header {@code kid} of what it signed; not empty
 * @param key EC, or RSA in other trust domains
 * @param notAfter when everything that it signed has expired
 */
public record JwtAuthority(String keyId, PublicKey key, Instant notAfter) {
  public JwtAuthority {
    if (keyId.isEmpty()) {
      throw new IllegalArgumentException("a key of JWT-SVIDs without a key id");
    }
  }

  /** As bundles carry it. */
  public io.hostmesh.api.v1.JwtAuthority message() {
    return io.hostmesh.api.v1.JwtAuthority.newBuilder()
        .setKeyId(keyId)
        .setPublicKey(ByteString.copyFrom(key.getEncoded()))
        .setNotAfterEpochSecond(notAfter.getEpochSecond())
        .build();
  }

  /**
   * Reads what a bundle carries.
   *
   * @throws GeneralSecurityException where it is no key that can be used
   */
  public static JwtAuthority of(io.hostmesh.api.v1.JwtAuthority message)
      throws GeneralSecurityException {
    X509EncodedKeySpec encoded = new X509EncodedKeySpec(message.getPublicKey().toByteArray());
    try {
      return new JwtAuthority(
          message.getKeyId(),
          key(encoded),
          Instant.ofEpochSecond(message.getNotAfterEpochSecond()));
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException(e.getMessage(), e);
    }
  }

  private static PublicKey key(X509EncodedKeySpec encoded) throws GeneralSecurityException {
    try {
      return KeyFactory.getInstance("EC").generatePublic(encoded);
    } catch (GeneralSecurityException notElliptic) {
      return KeyFactory.getInstance("RSA").generatePublic(encoded);
    }
  }
}
