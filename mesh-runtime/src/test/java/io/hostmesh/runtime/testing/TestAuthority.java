package io.hostmesh.runtime.testing;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A small certificate authority, as citadel's certificates look. Safe for any thread. */
public final class TestAuthority {
  private static final AtomicLong SERIAL = new AtomicLong(1);

  private final KeyPair keys = keys();
  private final X500Name name = new X500Name("CN=test authority " + SERIAL.getAndIncrement());
  private final String trustDomain;
  private final X509Certificate root;

  /** What is shown behind a leaf: nothing, or the intermediate's own certificate. */
  private final List<X509Certificate> above;

  /**
   * A root of its own.
   *
   * @param trustDomain whose ids it issues
   */
  public TestAuthority(String trustDomain) {
    this.trustDomain = trustDomain;
    root =
        sign(
            builder(name, keys, Duration.ofDays(1)),
            keys,
            new BasicConstraints(true),
            KeyUsage.keyCertSign | KeyUsage.cRLSign,
            null,
            keys);
    above = List.of();
  }

  private TestAuthority(TestAuthority parent, @Nullable String uri) {
    trustDomain = parent.trustDomain;
    root = parent.root;
    above =
        List.of(
            sign(
                parent.builder(name, keys, Duration.ofDays(1)),
                parent.keys,
                new BasicConstraints(0),
                KeyUsage.keyCertSign | KeyUsage.cRLSign,
                uri,
                keys));
  }

  /** An authority below this one, whose roots are the same. */
  public TestAuthority intermediate() {
    return new TestAuthority(this, null);
  }

  /** An authority below this one whose certificate names somebody, such as a trust domain. */
  public TestAuthority crossSigning(String uri) {
    return new TestAuthority(this, uri);
  }

  /** Its name and its key, for certificates that are made by hand. */
  public Forged.Issuer issuer() {
    X509Certificate own = above.isEmpty() ? root : above.getFirst();
    return new Forged.Issuer(
        X500Name.getInstance(own.getSubjectX500Principal().getEncoded()), keys);
  }

  public TrustRoots roots() {
    return new TrustRoots(trustDomain, List.of(root), 1);
  }

  /** A leaf with a key of its own, good for an hour. */
  public Svid issue(SpiffeId id) {
    return issue(id, Duration.ofHours(1));
  }

  /** A leaf with a key of its own. */
  public Svid issue(SpiffeId id, Duration life) {
    return issue(id, life, keys());
  }

  /** A leaf, good for an hour. */
  public Svid issue(SpiffeId id, KeyPair own) {
    return issue(id, Duration.ofHours(1), own);
  }

  private Svid issue(SpiffeId id, Duration life, KeyPair own) {
    X509Certificate leaf =
        sign(
            builder(new X500Name("CN=leaf"), own, life),
            keys,
            new BasicConstraints(false),
            KeyUsage.digitalSignature,
            id.uri(),
            own);
    List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
    chain.addAll(above);
    return new Svid(id, chain, own.getPrivate());
  }

  private X509v3CertificateBuilder builder(X500Name subject, KeyPair subjectKeys, Duration life) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        name,
        BigInteger.valueOf(SERIAL.getAndIncrement()),
        Date.from(now.minusSeconds(60)),
        Date.from(now.plus(life)),
        subject,
        subjectKeys.getPublic());
  }

  private static X509Certificate sign(
      X509v3CertificateBuilder builder,
      KeyPair issuer,
      BasicConstraints constraints,
      int usage,
      @Nullable String uri,
      KeyPair subject) {
    try {
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          identifiers.createSubjectKeyIdentifier(subject.getPublic()));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(issuer.getPublic()));
      builder.addExtension(Extension.basicConstraints, true, constraints);
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(usage));
      if (uri != null) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate())));
    } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
