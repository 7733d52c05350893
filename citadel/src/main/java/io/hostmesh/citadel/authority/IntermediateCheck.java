package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.authority.Profiles.Signer;
import io.hostmesh.citadel.authority.Profiles.Validity;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether an intermediate that was signed elsewhere may be used: judged before it is, since
 * everybody refuses what a wrong one issues. Pure.
 */
final class IntermediateCheck {
  private static final int KEY_CERT_SIGN = 5;
  private static final String SERVER = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT = "1.3.6.1.5.5.7.3.2";
  private static final String ANY = "2.5.29.37.0";
  private static final Duration PROBE = Duration.ofMinutes(1);

  private final String trustDomain;
  private final Profiles profiles;

  IntermediateCheck(String trustDomain, Profiles profiles) {
    this.trustDomain = trustDomain;
    this.profiles = profiles;
  }

  /**
   * Judges a chain.
   *
   * @param answered the intermediate first; roots among them are left out
   * @param key that was asked for
   * @param where the chain comes from, for messages
   * @throws UserError with all that is wrong
   */
  Intermediate accepted(
      List<X509Certificate> answered,
      PrivateKey key,
      List<X509Certificate> roots,
      Instant now,
      String where) {
    List<X509Certificate> chain = new ArrayList<>(answered);
    chain.removeIf(each -> roots.contains(each) || isSelfSigned(each));
    if (chain.isEmpty()) {
      throw new UserError(where + ": holds no intermediate certificate");
    }
    Intermediate intermediate = new Intermediate(chain, key);
    List<String> problems = problems(intermediate, roots, now);
    if (!problems.isEmpty()) {
      throw new UserError(
          where + ": this intermediate cannot be used: " + String.join("; ", problems));
    }
    return intermediate;
  }

  /** What is wrong, one sentence each; empty where it may sign. */
  List<String> problems(Intermediate intermediate, List<X509Certificate> roots, Instant now) {
    X509Certificate own = intermediate.certificate();
    List<String> problems = new ArrayList<>();
    check(problems, belongs(intermediate), "its key is not the one that citadel asked for");
    check(problems, own.getVersion() == 3, "it is not of version 3");
    check(problems, own.getBasicConstraints() >= 0, "it is no CA (basicConstraints)");
    boolean[] usage = own.getKeyUsage();
    check(
        problems,
        usage != null && usage[KEY_CERT_SIGN],
        "it may not sign certificates (keyUsage has no keyCertSign)");
    check(problems, mayServeBoth(own), "its extended key usage leaves out servers or clients");
    check(problems, KeyIds.subject(own).isPresent(), "it has no subject key identifier");
    check(
        problems,
        KeyIds.authority(intermediate.chain().getLast()).isPresent(),
        "it has no authority key identifier that names its issuer's key");
    Instant begin = own.getNotBefore().toInstant();
    Instant end = own.getNotAfter().toInstant();
    check(problems, !now.isBefore(begin), "it holds from " + begin + " only, and it is " + now);
    check(problems, now.isBefore(end), "it expired at " + end + ", and it is " + now);
    check(
        problems,
        rootOf(intermediate.chain(), roots).isPresent(),
        "it leads to no root of this mesh: the last one of the chain is signed by "
            + intermediate.chain().getLast().getIssuerX500Principal().getName());
    if (problems.isEmpty()) {
      probe(intermediate, roots, now).ifPresent(problems::add);
    }
    return problems;
  }

  /**
   * Signs a leaf and judges it as its receivers will: path length, name constraints and validity of
   * all that stands between it and a root.
   */
  private Optional<String> probe(
      Intermediate intermediate, List<X509Certificate> roots, Instant now) {
    Signer signer = intermediate.signer();
    SpiffeId id = new SpiffeId.Control(trustDomain, SpiffeId.Control.Role.CITADEL);
    try {
      X509Certificate leaf =
          profiles.leaf(id, KeyPairs.generate().getPublic(), signer, Validity.from(now, PROBE));
      List<X509Certificate> path = new ArrayList<>(List.of(leaf));
      path.addAll(intermediate.chain());
      SvidVerifier.verify(path, new TrustRoots(trustDomain, roots, 0), now);
      return Optional.empty();
    } catch (CertificateException e) {
      return Optional.of("what it signs is refused: " + e.getMessage());
    }
  }

  private static boolean belongs(Intermediate intermediate) {
    try {
      return KeyPairs.publicOf(intermediate.key())
          .equals(intermediate.certificate().getPublicKey());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean mayServeBoth(X509Certificate own) {
    try {
      List<String> purposes = own.getExtendedKeyUsage();
      return purposes == null
          || purposes.contains(ANY)
          || (purposes.contains(SERVER) && purposes.contains(CLIENT));
    } catch (CertificateException e) {
      return false;
    }
  }

  static boolean isSelfSigned(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }

  /** The root that a chain leads to; empty where it is none of these. */
  static Optional<X509Certificate> rootOf(
      List<X509Certificate> chain, List<X509Certificate> roots) {
    X509Certificate top = chain.getLast();
    return roots.stream().filter(root -> isSignedBy(top, root)).findFirst();
  }

  private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static void check(List<String> problems, boolean holds, String otherwise) {
    if (!holds) {
      problems.add(otherwise);
    }
  }
}
