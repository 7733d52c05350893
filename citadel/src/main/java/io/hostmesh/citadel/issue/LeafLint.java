package io.hostmesh.citadel.issue;

import io.hostmesh.runtime.identity.KeyPairs;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The rules that a leaf must keep beyond a valid signature (RFC 5280 section 4, SPIFFE X.509-SVID
 * sections 3 to 4). Pure.
 */
final class LeafLint {
  private static final String SUBJECT_KEY_ID = "2.5.29.14";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String AUTHORITY_KEY_ID = "2.5.29.35";
  private static final Set<String> CRITICAL =
      Set.of(KEY_USAGE, ALTERNATIVE_NAME, BASIC_CONSTRAINTS);
  private static final Set<String> PURPOSES = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
  private static final int MIN_SERIAL_BITS = 64;
  private static final int MAX_SERIAL_BYTES = 20;
  private static final Duration BACKDATING = Duration.ofMinutes(6);

  private LeafLint() {}

  /** What is wrong, one sentence each; empty where the leaf may leave. */
  static List<String> problems(X509Certificate leaf, X509Certificate issuer, Duration lifetime) {
    List<String> problems = new ArrayList<>();
    check(problems, leaf.getVersion() == 3, "it is not of version 3");
    int serialBytes = leaf.getSerialNumber().toByteArray().length;
    check(
        problems,
        leaf.getSerialNumber().signum() > 0
            && leaf.getSerialNumber().bitLength() >= MIN_SERIAL_BITS
            && serialBytes <= MAX_SERIAL_BYTES,
        "its serial number is not a positive number of 64 bits to 20 bytes");
    check(
        problems,
        KeyPairs.Curve.of(issuer.getPublicKey())
            .filter(curve -> leaf.getSigAlgName().equals(curve.signature()))
            .isPresent(),
        "it is signed with " + leaf.getSigAlgName());
    check(
        problems,
        KeyPairs.Kind.of(leaf.getPublicKey()).isPresent(),
        "its key is neither on P-256 or P-384 nor of Ed25519");
    check(problems, leaf.getSubjectX500Principal().getName().isEmpty(), "its subject is not empty");
    validity(problems, leaf, issuer, lifetime);
    extensions(problems, leaf, issuer);
    return problems;
  }

  private static void validity(
      List<String> problems, X509Certificate leaf, X509Certificate issuer, Duration lifetime) {
    Duration life =
        Duration.between(leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant());
    check(
        problems,
        life.isPositive() && life.compareTo(lifetime.plus(BACKDATING).plusSeconds(1)) <= 0,
        "it holds for " + life + ", allowed are " + lifetime);
    check(
        problems,
        !leaf.getNotAfter().toInstant().isAfter(issuer.getNotAfter().toInstant()),
        "it outlives its issuer, which ends at " + issuer.getNotAfter().toInstant());
  }

  private static void extensions(
      List<String> problems, X509Certificate leaf, X509Certificate issuer) {
    Set<String> critical = Optional.ofNullable(leaf.getCriticalExtensionOIDs()).orElseGet(Set::of);
    check(problems, critical.equals(CRITICAL), "its critical extensions are " + critical);
    check(problems, leaf.getBasicConstraints() < 0, "it is a CA");
    try {
      List<String> purposes = leaf.getExtendedKeyUsage();
      check(
          problems,
          purposes != null && Set.copyOf(purposes).equals(PURPOSES),
          "its extended key usage is " + purposes);
    } catch (CertificateParsingException e) {
      problems.add("its extended key usage cannot be read: " + e.getMessage());
    }
    check(
        problems,
        tail(leaf.getExtensionValue(AUTHORITY_KEY_ID))
            .equals(tail(issuer.getExtensionValue(SUBJECT_KEY_ID))),
        "its authority key identifier is not its issuer's key");
    check(
        problems,
        leaf.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()),
        "its issuer's name is not its issuer");
  }

  /** Both encodings end with the 20 bytes of the identifier (RFC 5280 sections 4.2.1.1, .2). */
  private static String tail(byte @org.jspecify.annotations.Nullable [] extension) {
    return extension == null || extension.length < 20
        ? "none of " + Arrays.toString(extension)
        : Arrays.toString(Arrays.copyOfRange(extension, extension.length - 20, extension.length));
  }

  private static void check(List<String> problems, boolean holds, String otherwise) {
    if (!holds) {
      problems.add(otherwise);
    }
  }
}
