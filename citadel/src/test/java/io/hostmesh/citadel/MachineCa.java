package io.hostmesh.citadel;

import io.hostmesh.runtime.testing.Forged;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** The CA of a site's machines, which knows nothing of the mesh. */
final class MachineCa {
  private static final X500Name NAME = new X500Name("CN=machines of the site");

  private final KeyPair keys = Forged.keys("EC", 256);
  private final X509Certificate root;
  private long serial = 1;

  MachineCa() {
    root = sign(builder(NAME, keys, Duration.ofDays(365), Instant.now()), true, null);
  }

  /** A machine's certificate and key. */
  record Machine(List<X509Certificate> chain, KeyPair keys) {
    /** As files, the way an agent is told of them. */
    Path certFile(Path folder) {
      return write(folder.resolve("machine.pem"), pem(chain));
    }

    Path keyFile(Path folder) {
      return write(folder.resolve("machine.key"), Pem.encode(keys.getPrivate()));
    }
  }

  /** What can be wrong with a certificate, and what is right. */
  record Wish(
      String name, String algorithm, int bits, KeyPurposeId purpose, Instant from, Duration life) {
    static Wish of(String name) {
      return new Wish(
          name,
          "EC",
          256,
          KeyPurposeId.id_kp_clientAuth,
          Instant.now().minusSeconds(60),
          Duration.ofDays(30));
    }

    Wish key(String other, int size) {
      return new Wish(name, other, size, purpose, from, life);
    }

    Wish purpose(KeyPurposeId other) {
      return new Wish(name, algorithm, bits, other, from, life);
    }

    Wish from(Instant begin, Duration length) {
      return new Wish(name, algorithm, bits, purpose, begin, length);
    }
  }

  Machine machine(String name) {
    return machine(Wish.of(name));
  }

  Machine machine(Wish wish) {
    KeyPair own = Forged.keys(wish.algorithm(), wish.bits());
    X509v3CertificateBuilder builder =
        builder(new X500Name("CN=" + wish.name()), own, wish.life(), wish.from());
    return new Machine(List.of(sign(builder, false, wish)), own);
  }

  Path file(Path folder) {
    return write(folder.resolve("machines-ca.pem"), pem(List.of(root)));
  }

  private X509v3CertificateBuilder builder(
      X500Name subject, KeyPair subjectKeys, Duration life, Instant from) {
    return new JcaX509v3CertificateBuilder(
        NAME,
        BigInteger.valueOf(serial++),
        Date.from(from),
        Date.from(from.plus(life)),
        subject,
        subjectKeys.getPublic());
  }

  private X509Certificate sign(
      X509v3CertificateBuilder builder,
      boolean isCa,
      @org.jspecify.annotations.Nullable Wish wish) {
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isCa));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(isCa ? KeyUsage.keyCertSign : KeyUsage.digitalSignature));
      if (wish != null) {
        builder.addExtension(
            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(wish.purpose()));
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.dNSName, wish.name())));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (IOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(List<X509Certificate> certificates) {
    try {
      return Pem.encode(certificates);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
