package io.hostmesh.runtime.identity;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPublicKeySpec;
import java.util.HexFormat;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECPoint;

/** Key pairs of the mesh: ECDSA on P-256, the one curve that every part of it speaks. */
public final class KeyPairs {
  private static final String CURVE = "secp256r1";

  private KeyPairs() {}

  public static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE));
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("every JDK has EC keys on " + CURVE, e);
    }
  }

  /**
   * The public half of a private key (SEC 1: the base point times the secret). A signature made
   * with it proves the pair to others, so a wrong result cannot pass unnoticed.
   *
   * @throws GeneralSecurityException where the key is not an EC key on P-256
   */
  static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
    if (!(key instanceof ECPrivateKey secret) || !onP256(secret.getParams())) {
      throw new GeneralSecurityException("not an EC key on P-256");
    }
    ECPoint point = CustomNamedCurves.getByName(CURVE).getG().multiply(secret.getS()).normalize();
    java.security.spec.ECPoint affine =
        new java.security.spec.ECPoint(
            point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
    return KeyFactory.getInstance("EC")
        .generatePublic(new ECPublicKeySpec(affine, secret.getParams()));
  }

  /** Whether a key is one that the mesh uses. */
  public static boolean isP256(PublicKey key) {
    return key instanceof ECPublicKey ec && onP256(ec.getParams());
  }

  /** The JDK names a curve in the first word of its parameters, and P-256 by this name. */
  private static boolean onP256(ECParameterSpec parameters) {
    return parameters.toString().startsWith(CURVE);
  }

  /** The SHA-256 of the SubjectPublicKeyInfo, hexadecimal: what names a key in records. */
  public static String fingerprint(PublicKey key) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
