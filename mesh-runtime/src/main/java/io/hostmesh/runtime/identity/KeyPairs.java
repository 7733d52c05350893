package io.hostmesh.runtime.identity;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPublicKeySpec;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.ECPoint;

/**
 * Key pairs of the mesh: ECDSA on P-256, or on P-384 where an operator wants it, and of
 * applications Ed25519 too.
 */
public final class KeyPairs {
  private static final String CURVE = "secp256r1";

  /** The curves, as configurations name them. */
  public enum Curve {
    P256(CURVE, "SHA256withECDSA"),
    P384("secp384r1", "SHA384withECDSA");

    private final String name;
    private final String signature;

    Curve(String name, String signature) {
      this.name = name;
      this.signature = signature;
    }

    /** The hash as strong as the curve, as the JDK names the algorithm. */
    public String signature() {
      return signature;
    }

    /** The curve of a key; empty where it is on neither. */
    public static Optional<Curve> of(Key key) {
      for (Curve curve : values()) {
        if (key instanceof ECKey ec && isOn(ec.getParams(), curve.name)) {
          return Optional.of(curve);
        }
      }
      return Optional.empty();
    }
  }

  /** The kinds of keys that services may have, as configurations name them. */
  public enum Kind {
    P256(Optional.of(Curve.P256)),
    P384(Optional.of(Curve.P384)),
    /** Of applications only: BoringSSL makes no handshakes of the mesh with it. */
    ED25519(Optional.empty());

    private final Optional<Curve> curve;

    Kind(Optional<Curve> curve) {
      this.curve = curve;
    }

    /** Keys on a curve. */
    public static Kind on(Curve curve) {
      return switch (curve) {
        case P256 -> P256;
        case P384 -> P384;
      };
    }

    /** A fresh pair. */
    public KeyPair generate() {
      return curve.map(KeyPairs::generate).orElseGet(Kind::edwards);
    }

    private static KeyPair edwards() {
      try {
        return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has Ed25519", e);
      }
    }

    /** The kind of a key; empty where it is none of them. */
    public static Optional<Kind> of(Key key) {
      for (Kind kind : values()) {
        if (kind.curve.isPresent() ? kind.curve.equals(Curve.of(key)) : isEd25519(key)) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }
  }

  private KeyPairs() {}

  private static boolean isEd25519(Key key) {
    return key instanceof EdECKey edwards && edwards.getParams().getName().equals("Ed25519");
  }

  public static KeyPair generate() {
    return generate(Curve.P256);
  }

  public static KeyPair generate(Curve curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve.name));
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("every JDK has EC keys on " + curve.name, e);
    }
  }

  /**
   * The algorithm with which a key signs.
   *
   * @throws IllegalArgumentException where the key is of no {@link Kind}
   */
  public static String signature(Key key) {
    if (isEd25519(key)) {
      return "Ed25519";
    }
    return Curve.of(key)
        .map(Curve::signature)
        .orElseThrow(
            () -> new IllegalArgumentException("not a key on P-256 or P-384, nor of Ed25519"));
  }

  /**
   * The public half of a private key (SEC 1: the base point times the secret). A signature made
   * with it proves the pair to others, so a wrong result cannot pass unnoticed.
   *
   * @throws GeneralSecurityException where the key is not an EC key on P-256 or P-384
   */
  public static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
    Curve curve =
        Curve.of(key)
            .orElseThrow(() -> new GeneralSecurityException("not an EC key on P-256 or P-384"));
    if (!(key instanceof ECPrivateKey secret)) {
      throw new GeneralSecurityException("not a private EC key");
    }
    ECPoint point =
        CustomNamedCurves.getByName(curve.name).getG().multiply(secret.getS()).normalize();
    java.security.spec.ECPoint affine =
        new java.security.spec.ECPoint(
            point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
    return KeyFactory.getInstance("EC")
        .generatePublic(new ECPublicKeySpec(affine, secret.getParams()));
  }

  /** Whether a key is one that the mesh uses. */
  public static boolean isP256(PublicKey key) {
    return key instanceof ECPublicKey ec && isOn(ec.getParams(), CURVE);
  }

  /** The JDK names a curve in the first word of its parameters. */
  private static boolean isOn(ECParameterSpec parameters, String curve) {
    return parameters != null && parameters.toString().startsWith(curve);
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
