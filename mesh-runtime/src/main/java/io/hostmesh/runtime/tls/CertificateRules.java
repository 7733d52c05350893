package io.hostmesh.runtime.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CertificatePolicies;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PolicyConstraints;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/**
 * What a certificate must be by itself, whoever signed it: the rules of RFC 5280 section 4 and of
 * SPIFFE X.509-SVID sections 3 and 4 that the JDK's path validation leaves open. It reads an
 * extension that is not critical and cannot be parsed as if it were not there, takes authorities
 * without a key usage, any serial number, RSA keys of 1024 bits and SHA-1, and looks at nothing of
 * a root but its name and key. Pure.
 */
public final class CertificateRules {
  private static final String SUBJECT_KEY_ID = "2.5.29.14";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  static final String NAME_CONSTRAINTS = "2.5.29.30";
  private static final String POLICIES = "2.5.29.32";
  private static final String POLICY_MAPPINGS = "2.5.29.33";
  private static final String AUTHORITY_KEY_ID = "2.5.29.35";
  private static final String POLICY_CONSTRAINTS = "2.5.29.36";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String INHIBIT_ANY_POLICY = "2.5.29.54";

  /** What may be critical: others must not be (section 4.2), or are not understood here. */
  private static final Set<String> CRITICAL =
      Set.of(
          KEY_USAGE,
          ALTERNATIVE_NAME,
          BASIC_CONSTRAINTS,
          NAME_CONSTRAINTS,
          POLICIES,
          POLICY_MAPPINGS,
          POLICY_CONSTRAINTS,
          EXTENDED_KEY_USAGE,
          INHIBIT_ANY_POLICY);

  private static final Map<String, Function<ASN1Primitive, Object>> SHAPES =
      Map.of(
          SUBJECT_KEY_ID, SubjectKeyIdentifier::getInstance,
          KEY_USAGE, KeyUsage::getInstance,
          ALTERNATIVE_NAME, GeneralNames::getInstance,
          BASIC_CONSTRAINTS, BasicConstraints::getInstance,
          NAME_CONSTRAINTS, NameConstraints::getInstance,
          POLICIES, CertificatePolicies::getInstance,
          AUTHORITY_KEY_ID, AuthorityKeyIdentifier::getInstance,
          POLICY_CONSTRAINTS, PolicyConstraints::getInstance,
          EXTENDED_KEY_USAGE, ExtendedKeyUsage::getInstance);

  private static final String SERVER = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT = "1.3.6.1.5.5.7.3.2";
  private static final String ANY_PURPOSE = "2.5.29.37.0";
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  /** Leaf, intermediate, and room for what a company's PKI puts between that and its root. */
  static final int MOST_CERTIFICATES = 8;

  /** Ours has some 700 bytes a certificate. */
  static final int MOST_BYTES = 32 << 10;

  /** RFC 5280 section 4.1.2.2. */
  private static final int LONGEST_SERIAL = 20;

  private static final int SHORTEST_RSA = 2048;

  /** Judging a longer one takes a stranger's time out of ours. */
  private static final int LONGEST_RSA = 8192;

  private static final Set<String> CURVES = Set.of("secp256r1", "secp384r1", "secp521r1");
  private static final Set<String> SIGNATURES =
      Set.of(
          "SHA256withECDSA",
          "SHA384withECDSA",
          "SHA512withECDSA",
          "SHA256withRSA",
          "SHA384withRSA",
          "SHA512withRSA",
          "Ed25519");
  private static final Set<String> HASHES = Set.of("SHA-256", "SHA-384", "SHA-512");

  private CertificateRules() {}

  /**
   * Bounds what a stranger may have us look at.
   *
   * @throws CertificateException where the chain is empty, too deep or too long
   */
  public static void checkSize(List<X509Certificate> chain) throws CertificateException {
    if (chain.isEmpty()) {
      throw new CertificateException("no certificate was shown");
    }
    require(
        chain.size() <= MOST_CERTIFICATES,
        "the chain has "
            + chain.size()
            + " certificates; at most "
            + MOST_CERTIFICATES
            + " are looked at");
    int bytes = 0;
    for (X509Certificate certificate : chain) {
      bytes += certificate.getEncoded().length;
    }
    require(
        bytes <= MOST_BYTES,
        "the chain has " + bytes + " bytes; at most " + MOST_BYTES + " are looked at");
  }

  /**
   * What proves an identity.
   *
   * @throws CertificateException naming the rule that it breaks
   */
  static void checkLeaf(X509Certificate leaf) throws CertificateException {
    require(leaf.getBasicConstraints() < 0, "a CA certificate cannot be used as a leaf");
    boolean[] usage = leaf.getKeyUsage();
    require(
        usage != null && usage[DIGITAL_SIGNATURE] && !usage[KEY_CERT_SIGN] && !usage[CRL_SIGN],
        "the leaf's key usage is not that of an SVID");
    require(isCritical(leaf, KEY_USAGE), "the leaf's key usage is not critical");
    checkAny(leaf);
    checkStrong(leaf);
    List<String> purposes = leaf.getExtendedKeyUsage();
    require(
        purposes == null || (purposes.contains(SERVER) && purposes.contains(CLIENT)),
        "its extended key usage is not for both serverAuth and clientAuth");
    require(
        leaf.getExtensionValue(NAME_CONSTRAINTS) == null,
        "it has name constraints, which only an authority may have");
  }

  /**
   * What stands between a leaf and a root.
   *
   * @throws CertificateException naming the rule that it breaks
   */
  static void checkIntermediate(X509Certificate authority) throws CertificateException {
    checkAuthority(authority);
    checkStrong(authority);
    require(authority.getKeyUsage() != null, "an authority has no key usage (keyCertSign)");
  }

  /**
   * A root of a bundle. That it signed itself proves nothing, so its own signature is not looked
   * at. It may do without key usage, as OpenSSL makes them, and many companies' roots are.
   *
   * @throws CertificateException naming the rule that it breaks
   */
  static void checkRoot(X509Certificate root) throws CertificateException {
    checkAuthority(root);
    checkKey(root.getPublicKey());
    Set<String> critical = Optional.ofNullable(root.getCriticalExtensionOIDs()).orElseGet(Set::of);
    require(CRITICAL.containsAll(critical), "a critical extension of the root is not known here");
  }

  private static void checkAuthority(X509Certificate authority) throws CertificateException {
    checkAny(authority);
    String name = "the authority " + shortened(authority.getSubjectX500Principal().getName()) + " ";
    require(
        !authority.getSubjectX500Principal().getName().isEmpty(), "an authority has no subject");
    require(authority.getBasicConstraints() >= 0, name + "is no CA (basicConstraints)");
    require(isCritical(authority, BASIC_CONSTRAINTS), name + "has basicConstraints not critical");
    boolean[] usage = authority.getKeyUsage();
    require(
        usage == null || usage[KEY_CERT_SIGN], name + "may not sign certificates (keyCertSign)");
    require(KeyIds.subject(authority).isPresent(), name + "has no subject key identifier");
    List<String> purposes = authority.getExtendedKeyUsage();
    require(
        purposes == null
            || purposes.contains(ANY_PURPOSE)
            || (purposes.contains(SERVER) && purposes.contains(CLIENT)),
        name + "is not for both serverAuth and clientAuth (extendedKeyUsage)");
  }

  /** Section 4.1.2.2, 4.2, 4.2.1. */
  private static void checkAny(X509Certificate certificate) throws CertificateException {
    require(certificate.getVersion() == 3, "a certificate is not of version 3");
    require(
        certificate.getSerialNumber().signum() > 0
            && certificate.getSerialNumber().toByteArray().length <= LONGEST_SERIAL,
        "a serial number is not a positive number of at most 20 bytes");
    for (Map.Entry<String, Function<ASN1Primitive, Object>> shape : SHAPES.entrySet()) {
      byte[] value = certificate.getExtensionValue(shape.getKey());
      if (value != null && !isReadable(value, shape.getValue())) {
        throw new CertificateException("the extension " + shape.getKey() + " cannot be read");
      }
    }
    Set<String> critical =
        Optional.ofNullable(certificate.getCriticalExtensionOIDs()).orElseGet(Set::of);
    for (String oid : critical) {
      require(CRITICAL.contains(oid), "the critical extension " + oid + " is not known here");
    }
  }

  private static boolean isReadable(byte[] value, Function<ASN1Primitive, Object> shape) {
    try {
      var _ = shape.apply(JcaX509ExtensionUtils.parseExtensionValue(value));
      return true;
    } catch (IOException | RuntimeException e) {
      return false; // Bouncy Castle reports what has another shape by assorted exceptions.
    }
  }

  /**
   * Keys and signatures that can be relied on: of RSA 2048 bits to 8192, of the NIST curves those
   * of 256 bits or more, Ed25519; SHA-2.
   *
   * @throws CertificateException naming what is too weak
   */
  public static void checkStrong(X509Certificate certificate) throws CertificateException {
    checkKey(certificate.getPublicKey());
    require(
        SIGNATURES.contains(certificate.getSigAlgName()) || isStrongPss(certificate),
        "a certificate is signed with " + certificate.getSigAlgName() + ", which is not taken");
  }

  private static void checkKey(PublicKey key) throws CertificateException {
    switch (key) {
      case RSAPublicKey rsa -> {
        int bits = rsa.getModulus().bitLength();
        require(
            bits >= SHORTEST_RSA && bits <= LONGEST_RSA,
            "a key of RSA has " + bits + " bits; 2048 to 8192 are taken");
      }
      case ECPublicKey ec -> {
        String curve = String.valueOf(ec.getParams()).split(" ", 2)[0];
        require(CURVES.contains(curve), "a key is on the curve " + curve + ", which is not taken");
      }
      case EdECPublicKey edwards ->
          require(
              edwards.getParams().getName().equals("Ed25519"),
              "a key is of " + edwards.getParams().getName() + ", which is not taken");
      default ->
          throw new CertificateException(
              "a key is of " + shortened(key.getAlgorithm()) + ", which is not taken");
    }
  }

  private static boolean isStrongPss(X509Certificate certificate) {
    byte[] encoded = certificate.getSigAlgParams();
    if (!certificate.getSigAlgName().equals("RSASSA-PSS") || encoded == null) {
      return false;
    }
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
      parameters.init(encoded);
      return HASHES.contains(
          parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
    } catch (GeneralSecurityException | IOException e) {
      return false;
    }
  }

  /**
   * That an issuer's key is the one that a certificate says has signed it (section 4.2.1.1).
   *
   * @throws CertificateException where it names none or another
   */
  static void checkIssuer(X509Certificate certificate, X509Certificate issuer)
      throws CertificateException {
    Optional<String> named = KeyIds.authority(certificate);
    require(named.isPresent(), "a certificate has no authority key identifier");
    require(
        named.equals(KeyIds.subject(issuer)),
        "an authority key identifier is not that of the issuer's key");
  }

  /**
   * Which is said with both times, since a clock may be what is wrong.
   *
   * @throws CertificateException where it does not hold now
   */
  static void checkHolds(X509Certificate certificate, String which, Instant now)
      throws CertificateException {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    if (now.isBefore(from)) {
      throw new CertificateNotYetValidException(
          which
              + " holds from "
              + from
              + " only, and the clock here says "
              + now
              + "; is a clock wrong?");
    }
    if (now.isAfter(until)) {
      throw new CertificateExpiredException(
          which + " expired at " + until + ", and the clock here says " + now);
    }
  }

  private static boolean isCritical(X509Certificate certificate, String oid) {
    Set<String> critical = certificate.getCriticalExtensionOIDs();
    return critical != null && critical.contains(oid);
  }

  /** What a stranger wrote, in a message of ours. */
  static String shortened(String text) {
    String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= 100 ? printable : printable.substring(0, 100) + "...";
  }

  private static void require(boolean holds, String otherwise) throws CertificateException {
    if (!holds) {
      throw new CertificateException(otherwise);
    }
  }
}
