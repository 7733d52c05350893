package io.hostmesh.runtime.identity;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.function.Predicate;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.DefaultDigestAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.bc.BcECContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * Certificate requests (PKCS #10, RFC 2986). They carry a public key and the proof that its private
 * key is at hand, nothing else: citadel decides on every name.
 */
public final class Csr {
  /** A request for a P-256 key has some 200 bytes. */
  private static final int MAX_BYTES = 4096;

  private Csr() {}

  /** A request for the pair's public key, DER. */
  public static byte[] of(KeyPair pair) {
    try {
      return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic())
          .build(
              new JcaContentSignerBuilder(KeyPairs.signature(pair.getPrivate()))
                  .build(pair.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException("a P-256 key that cannot sign its own request", e);
    }
  }

  /**
   * Takes the key out of a request that someone sent.
   *
   * @throws IllegalArgumentException where it is no request, its key is not on P-256, or its
   *     signature does not prove that the sender has the private key
   */
  public static PublicKey provenKey(byte[] der) {
    return provenKey(der, KeyPairs::isP256, "an EC key on P-256");
  }

  /**
   * {@link #provenKey(byte[])} for what is to become an authority, which may be on P-384 too.
   *
   * @throws IllegalArgumentException likewise
   */
  public static PublicKey provenAuthorityKey(byte[] der) {
    return provenKey(der, key -> KeyPairs.Curve.of(key).isPresent(), "an EC key on P-256 or P-384");
  }

  private static PublicKey provenKey(byte[] der, Predicate<PublicKey> accepted, String expected) {
    if (der.length == 0 || der.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "the certificate request has " + der.length + " bytes; 1 to " + MAX_BYTES + " are read");
    }
    try {
      JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = request.getPublicKey();
      if (!accepted.test(key)) {
        throw new IllegalArgumentException("the certificate request's key is not " + expected);
      }
      // Of public data, and at a third of the JDK's time.
      ContentVerifierProvider verifier =
          new BcECContentVerifierProviderBuilder(new DefaultDigestAlgorithmIdentifierFinder())
              .build(PublicKeyFactory.createKey(request.getSubjectPublicKeyInfo()));
      if (!request.isSignatureValid(verifier)) {
        throw new IllegalArgumentException(
            "the certificate request is not signed by the key that it names");
      }
      return key;
    } catch (IllegalArgumentException e) {
      throw e;
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | RuntimeException e) {
      // Bouncy Castle parses lazily: broken DER also surfaces as assorted runtime exceptions.
      throw new IllegalArgumentException("not a PKCS #10 certificate request", e);
    }
  }
}
