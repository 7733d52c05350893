package io.hostmesh.runtime.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/** What certificates call themselves and their issuers (RFC 5280 sections 4.2.1.1 and 4.2.1.2). */
public final class KeyIds {
  private KeyIds() {}

  /** The identifier of a certificate's own key, hexadecimal; empty where it states none. */
  public static Optional<String> subject(X509Certificate certificate) {
    return extension(certificate, "2.5.29.14")
        .map(value -> hex(SubjectKeyIdentifier.getInstance(value).getKeyIdentifier()));
  }

  /** The identifier of the key that signed it, hexadecimal; empty where it states none. */
  public static Optional<String> authority(X509Certificate certificate) {
    return extension(certificate, "2.5.29.35")
        .map(value -> AuthorityKeyIdentifier.getInstance(value).getKeyIdentifierOctets())
        .map(KeyIds::hex);
  }

  /** The SHA-256 of a certificate, hexadecimal. */
  public static String fingerprint(X509Certificate certificate) {
    try {
      return hex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be encoded", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static Optional<ASN1Primitive> extension(X509Certificate certificate, String oid) {
    byte[] value = certificate.getExtensionValue(oid);
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(JcaX509ExtensionUtils.parseExtensionValue(value));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty(); // Whoever verifies the certificate says so.
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
