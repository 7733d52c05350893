package io.hostmesh.runtime.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate with any content, signed by whoever is told: also such as no authority would make
 * and no library would put together. It begins as one that holds. Not thread-safe.
 */
public final class Forged {
  private static final AtomicLong SERIAL = new AtomicLong(1000);

  /** Who signs: a name and a key. */
  public record Issuer(X500Name name, KeyPair keys) {}

  private final Issuer issuer;
  private final KeyPair keys;
  private final List<Extension> extensions = new ArrayList<>();
  private X500Name subject = new X500Name("");
  private X500Name issuerName;
  private BigInteger serial = BigInteger.valueOf(SERIAL.incrementAndGet());
  private Instant from = Instant.now().minusSeconds(60);
  private Instant until = Instant.now().plus(Duration.ofHours(1));
  private String algorithm;
  private @Nullable String claimed;
  private int version = 3;
  private boolean damaged;

  private Forged(Issuer issuer, KeyPair keys) {
    this.issuer = issuer;
    this.issuerName = issuer.name();
    this.keys = keys;
    this.algorithm =
        issuer.keys().getPrivate().getAlgorithm().equals("RSA")
            ? "SHA256withRSA"
            : "SHA256withECDSA";
  }

  /** A leaf as citadel makes them. */
  public static Forged leaf(Issuer issuer, KeyPair keys, String uri) {
    return new Forged(issuer, keys)
        .with(Extension.basicConstraints, true, new BasicConstraints(false))
        .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
        .purposes(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth)
        .with(Extension.subjectAlternativeName, true, uris(uri))
        .identified();
  }

  /** An intermediate. */
  public static Forged authority(Issuer issuer, KeyPair keys, String name) {
    Forged made =
        new Forged(issuer, keys)
            .with(Extension.basicConstraints, true, new BasicConstraints(true))
            .with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
            .identified();
    made.subject = new X500Name("CN=" + name);
    made.until = Instant.now().plus(Duration.ofDays(1));
    return made;
  }

  /** A root. */
  public static Forged root(KeyPair keys, String name) {
    return authority(new Issuer(new X500Name("CN=" + name), keys), keys, name);
  }

  /** A key pair of the JDK's. */
  public static KeyPair keys(String algorithm, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (bits > 0) {
        generator.initialize(bits);
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static KeyPair keys() {
    return keys("EC", 256);
  }

  public static GeneralNames uris(String... uris) {
    GeneralName[] names = new GeneralName[uris.length];
    for (int i = 0; i < uris.length; i++) {
      names[i] = new GeneralName(GeneralName.uniformResourceIdentifier, uris[i]);
    }
    return new GeneralNames(names);
  }

  /** Has the extension, instead of one that it had. */
  public Forged with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    try {
      return with(oid, critical, value.toASN1Primitive().getEncoded(ASN1Encoding.DER));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Forged with(ASN1ObjectIdentifier oid, boolean critical, byte[] value) {
    Forged others = without(oid);
    others.extensions.add(new Extension(oid, critical, value));
    return others;
  }

  public Forged without(ASN1ObjectIdentifier oid) {
    extensions.removeIf(part -> part.getExtnId().equals(oid));
    return this;
  }

  /** The extension twice. */
  public Forged twice(ASN1ObjectIdentifier oid) {
    extensions.addAll(extensions.stream().filter(part -> part.getExtnId().equals(oid)).toList());
    return this;
  }

  public Forged purposes(KeyPurposeId... purposes) {
    return with(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes));
  }

  private Forged identified() {
    try {
      JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
      return with(
              Extension.authorityKeyIdentifier,
              false,
              utils.createAuthorityKeyIdentifier(issuer.keys().getPublic()))
          .with(
              Extension.subjectKeyIdentifier,
              false,
              utils.createSubjectKeyIdentifier(keys.getPublic()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public Forged subject(String name) {
    subject = new X500Name(name);
    return this;
  }

  public Forged issuerName(String name) {
    issuerName = new X500Name(name);
    return this;
  }

  public Forged serial(BigInteger number) {
    serial = number;
    return this;
  }

  /** Relative to now. */
  public Forged between(Duration begin, Duration end) {
    from = Instant.now().plus(begin);
    until = Instant.now().plus(end);
    return this;
  }

  /** Signed with another algorithm, as the JDK calls it. */
  public Forged signed(String name) {
    algorithm = name;
    return this;
  }

  /** What it says of its signature inside, where that is something else. */
  public Forged claiming(String name) {
    claimed = name;
    return this;
  }

  /** 1 has no extensions. */
  public Forged version(int number) {
    version = number;
    return this;
  }

  /** Its signature is wrong. */
  public Forged damaged() {
    damaged = true;
    return this;
  }

  /** Who signs with its key, in its name. */
  public Issuer asIssuer() {
    return new Issuer(subject, keys);
  }

  public KeyPair own() {
    return keys;
  }

  public byte[] der() {
    DefaultSignatureAlgorithmIdentifierFinder finder =
        new DefaultSignatureAlgorithmIdentifierFinder();
    AlgorithmIdentifier outer = finder.find(algorithm);
    ASN1EncodableVector content = new ASN1EncodableVector();
    if (version > 1) {
      content.add(new DERTaggedObject(true, 0, new ASN1Integer(version - 1L)));
    }
    content.add(new ASN1Integer(serial));
    content.add(claimed == null ? outer : finder.find(claimed));
    content.add(issuerName);
    content.add(
        new DERSequence(
            new ASN1Encodable[] {new Time(Date.from(from)), new Time(Date.from(until))}));
    content.add(subject);
    content.add(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
    if (version == 3) {
      content.add(new DERTaggedObject(true, 3, extensions()));
    }
    DERSequence inside = new DERSequence(content);
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(issuer.keys().getPrivate());
      signature.update(inside.getEncoded(ASN1Encoding.DER));
      if (damaged) {
        signature.update((byte) 0);
      }
      return new DERSequence(
              new ASN1Encodable[] {inside, outer, new DERBitString(signature.sign())})
          .getEncoded(ASN1Encoding.DER);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private DERSequence extensions() {
    ASN1EncodableVector all = new ASN1EncodableVector();
    extensions.forEach(all::add);
    return new DERSequence(all);
  }

  /** Read by the JDK, which refuses some. */
  public X509Certificate certificate() throws CertificateException {
    return Objects.requireNonNull(
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(der())));
  }
}
