package io.hostmesh.citadel.authority;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * The three kinds of certificates that citadel makes (RFC 5280 section 4, SPIFFE X.509-SVID
 * sections 3 and 4). Serial numbers are 128 random bits. Safe for any thread.
 */
final class Profiles {
  private static final int SERIAL_BITS = 128;
  private static final int LONGEST_NAME = 64;
  private static final int SHORT = 8;

  private final String trustDomain;
  private final SecureRandom random;

  Profiles(String trustDomain, SecureRandom random) {
    this.trustDomain = trustDomain;
    this.random = random;
  }

  /** Whose key signs. */
  record Signer(X509Certificate certificate, PrivateKey key) {}

  /** When a certificate holds, to the second. */
  record Validity(Instant notBefore, Instant notAfter) {
    /** Clocks of hosts may be wrong by five minutes: what was issued holds as much earlier. */
    private static final Duration BACKDATING = Duration.ofMinutes(6);

    Validity {
      notBefore = notBefore.truncatedTo(ChronoUnit.SECONDS);
      notAfter = notAfter.truncatedTo(ChronoUnit.SECONDS);
    }

    /** Backdated by six minutes, by less where the whole life is shorter than an hour. */
    static Validity from(Instant now, Duration lifetime) {
      Duration tenth = lifetime.dividedBy(10);
      Duration back = tenth.compareTo(BACKDATING) < 0 ? tenth : BACKDATING;
      return new Validity(now.minus(back), now.plus(lifetime));
    }
  }

  X509Certificate root(PublicKey key, PrivateKey own, Validity validity) {
    X500Name name = name("root", key);
    return build(
        own,
        () -> {
          X509v3CertificateBuilder builder = builder(name, validity, name, key);
          builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(1));
          authority(builder, key);
          builder.addExtension(
              Extension.subjectAlternativeName, false, uri("spiffe://" + trustDomain));
          return builder;
        });
  }

  /**
   * A request for an intermediate, which says what it is to become, for those who sign elsewhere
   * and keep what is asked for.
   */
  byte[] request(KeyPair pair) {
    try {
      ExtensionsGenerator wishes = new ExtensionsGenerator();
      wishes.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      wishes.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      wishes.addExtension(Extension.subjectAlternativeName, false, uri("spiffe://" + trustDomain));
      wishes.addExtension(Extension.nameConstraints, true, ownNamesOnly());
      wishes.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
      return new JcaPKCS10CertificationRequestBuilder(
              name("intermediate", pair.getPublic()), pair.getPublic())
          .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, wishes.generate())
          .build(
              new JcaContentSignerBuilder(KeyPairs.signature(pair.getPrivate()))
                  .build(pair.getPrivate()))
          .getEncoded();
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("a key that cannot sign its own request", e);
    }
  }

  private NameConstraints ownNamesOnly() {
    return new NameConstraints(
        new GeneralSubtree[] {
          new GeneralSubtree(new GeneralName(GeneralName.uniformResourceIdentifier, trustDomain))
        },
        null);
  }

  /** May sign leaves of this trust domain only. */
  X509Certificate intermediate(PublicKey key, Signer root, Validity validity) {
    return build(
        root.key(),
        () -> {
          X509v3CertificateBuilder builder =
              builder(subject(root), validity, name("intermediate", key), key);
          builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
          authority(builder, key);
          builder.addExtension(
              Extension.authorityKeyIdentifier,
              false,
              new JcaX509ExtensionUtils()
                  .createAuthorityKeyIdentifier(root.certificate().getPublicKey()));
          builder.addExtension(
              Extension.subjectAlternativeName, false, uri("spiffe://" + trustDomain));
          builder.addExtension(Extension.nameConstraints, true, ownNamesOnly());
          return builder;
        });
  }

  /** An SVID. The subject is empty: the id stands in the URI name alone, which is critical then. */
  X509Certificate leaf(SpiffeId id, PublicKey key, Signer intermediate, Validity validity) {
    return build(
        intermediate.key(),
        () -> {
          X509v3CertificateBuilder builder =
              builder(subject(intermediate), validity, new X500Name(""), key);
          builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
          builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
          builder.addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(
                  new KeyPurposeId[] {
                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                  }));
          builder.addExtension(
              Extension.authorityKeyIdentifier,
              false,
              new JcaX509ExtensionUtils()
                  .createAuthorityKeyIdentifier(intermediate.certificate().getPublicKey()));
          builder.addExtension(
              Extension.subjectKeyIdentifier,
              false,
              new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
          builder.addExtension(Extension.subjectAlternativeName, true, uri(id.uri()));
          return builder;
        });
  }

  /**
   * Another one for each key, since a path is built by names (RFC 5280 section 6.1); a common name
   * has at most 64 characters (appendix A.1).
   */
  private X500Name name(String kind, PublicKey key) {
    String common =
        "Hostmesh "
            + kind
            + " "
            + KeyPairs.fingerprint(key).substring(0, SHORT)
            + " of "
            + trustDomain;
    return new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.CN, common.substring(0, Math.min(common.length(), LONGEST_NAME)))
        .build();
  }

  private static void authority(X509v3CertificateBuilder builder, PublicKey key)
      throws GeneralSecurityException, IOException {
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
  }

  private static GeneralNames uri(String uri) {
    return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
  }

  private static X500Name subject(Signer signer) {
    return X500Name.getInstance(signer.certificate().getSubjectX500Principal().getEncoded());
  }

  private X509v3CertificateBuilder builder(
      X500Name issuer, Validity validity, X500Name subject, PublicKey key) {
    return new JcaX509v3CertificateBuilder(
        issuer,
        serial(),
        Date.from(validity.notBefore()),
        Date.from(validity.notAfter()),
        subject,
        key);
  }

  /** Positive, of full length, and so never zero. */
  private BigInteger serial() {
    return new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1);
  }

  /** Puts the extensions together; Bouncy Castle declares what cannot happen with P-256 keys. */
  private interface Content {
    X509v3CertificateBuilder get() throws GeneralSecurityException, IOException;
  }

  private static X509Certificate build(PrivateKey signer, Content content) {
    try {
      return Pem.certificate(
          content
              .get()
              .build(new JcaContentSignerBuilder(KeyPairs.signature(signer)).build(signer))
              .getEncoded());
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("a certificate could not be put together", e);
    }
  }
}
