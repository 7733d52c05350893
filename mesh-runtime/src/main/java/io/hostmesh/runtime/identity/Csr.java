package io.hostmesh.runtime.identity;

import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.DefaultDigestAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.bc.BcECContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
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

  /** A proof by a hash in which collisions can be found is none. */
  private static final Set<ASN1ObjectIdentifier> SIGNATURES =
      Set.of(
          X9ObjectIdentifiers.ecdsa_with_SHA256,
          X9ObjectIdentifiers.ecdsa_with_SHA384,
          X9ObjectIdentifiers.ecdsa_with_SHA512,
          Pem.ED25519);

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
      throw new IllegalStateException("a key that cannot sign its own request", e);
    }
  }

  /**
   * Takes the key out of a request that someone sent.
   *
   * @throws IllegalArgumentException where it is no request, its key is not on P-256, its signature
   *     does not prove that the sender has the private key, or it asks for a name, an extension or
   *     anything else beside the key
   */
  public static PublicKey provenKey(byte[] der) {
    return provenKey(der, KeyPairs::isP256, "an EC key on P-256", false);
  }

  /**
   * {@link #provenKey(byte[])} for what is to become an authority, which may be on P-384 too.
   *
   * @throws IllegalArgumentException likewise
   */
  public static PublicKey provenAuthorityKey(byte[] der) {
    return provenKey(
        der, key -> KeyPairs.Curve.of(key).isPresent(), "an EC key on P-256 or P-384", true);
  }

  /**
   * {@link #provenKey(byte[])} for a service, whose applications may want a key of any {@link
   * KeyPairs.Kind}.
   *
   * @throws IllegalArgumentException likewise
   */
  public static PublicKey provenServiceKey(byte[] der) {
    return provenKey(
        der,
        key -> KeyPairs.Kind.of(key).isPresent(),
        "an EC key on P-256 or P-384, or an Ed25519 key",
        false);
  }

  private static PublicKey provenKey(
      byte[] der, Predicate<PublicKey> accepted, String expected, boolean mayWish) {
    if (der.length == 0 || der.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "the certificate request has " + der.length + " bytes; 1 to " + MAX_BYTES + " are read");
    }
    try {
      JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(der);
      PublicKey key = key(request, expected);
      if (!accepted.test(key)) {
        throw new IllegalArgumentException("the certificate request's key is not " + expected);
      }
      if (!SIGNATURES.contains(request.getSignatureAlgorithm().getAlgorithm())) {
        throw new IllegalArgumentException(
            "the certificate request is signed by another algorithm than ECDSA with SHA-2 or Ed25519");
      }
      if (!mayWish) {
        checkNothingElse(request);
      }
      ContentVerifierProvider verifier = verifier(request, key);
      if (!request.isSignatureValid(verifier)) {
        throw new IllegalArgumentException(
            "the certificate request is not signed by the key that it names");
      }
      return key;
    } catch (IllegalArgumentException e) {
      throw e;
    } catch (IOException | OperatorCreationException | PKCSException | RuntimeException e) {
      // Bouncy Castle parses lazily: broken DER also surfaces as assorted runtime exceptions.
      throw new IllegalArgumentException("not a PKCS #10 certificate request", e);
    }
  }

  private static ContentVerifierProvider verifier(
      JcaPKCS10CertificationRequest request, PublicKey key)
      throws IOException, OperatorCreationException {
    // Of public data, and of EC keys at a third of the JDK's time.
    return key instanceof ECPublicKey
        ? new BcECContentVerifierProviderBuilder(new DefaultDigestAlgorithmIdentifierFinder())
            .build(PublicKeyFactory.createKey(request.getSubjectPublicKeyInfo()))
        : new JcaContentVerifierProviderBuilder().build(key);
  }

  /** The JDK knows no keys on curves that it does not trust. */
  private static PublicKey key(JcaPKCS10CertificationRequest request, String expected) {
    try {
      return request.getPublicKey();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "the certificate request's key is not " + expected + ": " + e.getMessage(), e);
    }
  }

  /**
   * Nobody is to believe that a name was granted because the request for it was answered: whoever
   * asks for one, its own or another's, is told.
   */
  private static void checkNothingElse(JcaPKCS10CertificationRequest request) {
    String wishes =
        Stream.concat(
                Stream.of(request.getSubject().toString()).filter(subject -> !subject.isEmpty()),
                Stream.of(request.getAttributes()).flatMap(Csr::wishes))
            .collect(Collectors.joining(", "));
    if (!wishes.isEmpty()) {
      throw new IllegalArgumentException(
          "the certificate request asks for "
              + printable(wishes)
              + "; a request has a key and nothing else, citadel decides on the rest");
    }
  }

  private static Stream<String> wishes(Attribute attribute) {
    if (!attribute.getAttrType().equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)) {
      return Stream.of("the attribute " + attribute.getAttrType());
    }
    Extensions extensions = Extensions.getInstance(attribute.getAttrValues().getObjectAt(0));
    GeneralNames names = GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    return Stream.concat(
        names == null
            ? Stream.empty()
            : Stream.of(names.getNames()).map(name -> String.valueOf(name.getName())),
        Stream.of(extensions.getExtensionOIDs())
            .filter(oid -> !oid.equals(Extension.subjectAlternativeName))
            .map(oid -> "the extension " + oid));
  }

  private static String printable(String text) {
    String shown = text.replaceAll("[^\\x20-\\x7e]", "?");
    return shown.length() <= 200 ? shown : shown.substring(0, 200) + "...";
  }
}
