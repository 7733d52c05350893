package io.hostmesh.runtime.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;

/** Certificates and unencrypted keys, EC or Ed25519, as text (RFC 7468 sections 5 and 10). */
public final class Pem {
  /** Keys and signatures of Ed25519 (RFC 8410 section 3). */
  public static final ASN1ObjectIdentifier ED25519 = new ASN1ObjectIdentifier("1.3.101.112");

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private Pem() {}

  /** All certificates of a text, in its order. */
  public static List<X509Certificate> certificates(String text) throws CertificateException {
    List<X509Certificate> certificates = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1).equals("CERTIFICATE")) {
        certificates.add(certificate(decode(matcher.group(2))));
      }
    }
    return List.copyOf(certificates);
  }

  /** The certificate of a DER encoding. */
  public static X509Certificate certificate(byte[] der) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  /** The certificates of DER encodings, in their order. */
  public static List<X509Certificate> certificates(Iterable<byte[]> ders)
      throws CertificateException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] der : ders) {
      certificates.add(certificate(der));
    }
    return List.copyOf(certificates);
  }

  /** The PKCS #8 key of a text. */
  public static PrivateKey key(String text) throws GeneralSecurityException {
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1).equals("PRIVATE KEY")) {
        PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(decode(matcher.group(2)));
        return KeyFactory.getInstance(isEd25519(key) ? "Ed25519" : "EC").generatePrivate(key);
      }
    }
    throw new GeneralSecurityException("no PRIVATE KEY block");
  }

  private static boolean isEd25519(PKCS8EncodedKeySpec key) throws GeneralSecurityException {
    try {
      return PrivateKeyInfo.getInstance(key.getEncoded())
          .getPrivateKeyAlgorithm()
          .getAlgorithm()
          .equals(ED25519);
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("not a PKCS #8 key", e);
    }
  }

  public static String encode(List<X509Certificate> certificates) throws CertificateException {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      text.append(block("CERTIFICATE", certificate.getEncoded()));
    }
    return text.toString();
  }

  public static String encode(PrivateKey key) {
    return block("PRIVATE KEY", key.getEncoded());
  }

  /** A block of any label. */
  public static String block(String label, byte[] der) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  /** The content of the first block of a label; empty where there is none. */
  public static Optional<byte[]> block(String text, String label) {
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      if (matcher.group(1).equals(label)) {
        return Optional.of(decode(matcher.group(2)));
      }
    }
    return Optional.empty();
  }

  private static byte[] decode(String body) {
    return Base64.getMimeDecoder().decode(body);
  }
}
