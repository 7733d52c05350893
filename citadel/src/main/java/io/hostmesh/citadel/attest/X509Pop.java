package io.hostmesh.citadel.attest;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.v1.X509PopEvidence;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.MachineProof;
import io.hostmesh.runtime.tls.CertificateRules;
import io.hostmesh.runtime.tls.Pem;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Proof of possession of a certificate that the machine has already, from a CA that citadel was
 * told of: the chain must be valid now (RFC 5280 section 6) and for TLS clients, name the node, and
 * its key must have signed citadel's challenge for this very request. Safe for any thread.
 */
public final class X509Pop implements NodeAttestor {
  private static final int MOST_CERTIFICATES = 6;
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final X509PopSettings settings;
  private final InstantSource clock;

  /**
   * @throws UserError where the CAs cannot be read
   */
  public X509Pop(X509PopSettings settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
    var _ = anchors();
  }

  @Override
  public String name() {
    return io.hostmesh.runtime.identity.X509Pop.NAME;
  }

  @Override
  public String attest(MachineProof proof, ByteString evidence) {
    if (!settings.isAllowed(proof.node())) {
      throw wrong("attest.x509pop.allow does not let the node " + proof.node() + " join this way");
    }
    try {
      X509PopEvidence parsed = X509PopEvidence.parseFrom(evidence);
      if (parsed.getChainCount() == 0 || parsed.getChainCount() > MOST_CERTIFICATES) {
        throw wrong("its chain has " + parsed.getChainCount() + " certificates; 1 to 6 are read");
      }
      List<X509Certificate> chain =
          Pem.certificates(parsed.getChainList().stream().map(ByteString::toByteArray).toList());
      X509Certificate leaf = chain.getFirst();
      checkChain(chain);
      checkUse(leaf);
      List<String> names = settings.nodeNames(leaf);
      if (!names.contains(proof.node())) {
        throw wrong("it is for " + names + ", not for the node " + proof.node());
      }
      if (!proof.isSignedBy(leaf.getPublicKey(), parsed.getSignature().toByteArray())) {
        throw wrong("its key has not signed this challenge");
      }
      return name()
          + " "
          + leaf.getSubjectX500Principal().getName()
          + ", serial "
          + leaf.getSerialNumber().toString(16)
          + ", key "
          + KeyPairs.fingerprint(leaf.getPublicKey());
    } catch (InvalidProtocolBufferException e) {
      throw new Refusal(Refusal.Reason.MALFORMED, "the proof cannot be read", e);
    } catch (GeneralSecurityException e) {
      throw new Refusal(Refusal.Reason.PROOF_WRONG, PREFIX + String.valueOf(e.getMessage()), e);
    }
  }

  private static final String PREFIX = "the machine's certificate lets nobody in: ";

  private static Refusal wrong(String why) {
    return new Refusal(Refusal.Reason.PROOF_WRONG, PREFIX + why);
  }

  private void checkChain(List<X509Certificate> chain) throws GeneralSecurityException {
    Set<TrustAnchor> anchors = anchors();
    PKIXParameters parameters = new PKIXParameters(anchors);
    parameters.setRevocationEnabled(false); // A CA's own lists are not read; see the documentation.
    parameters.setDate(Date.from(clock.instant()));
    List<X509Certificate> path =
        chain.stream()
            .filter(
                each -> anchors.stream().noneMatch(anchor -> each.equals(anchor.getTrustedCert())))
            .toList();
    if (path.isEmpty() || !path.getFirst().equals(chain.getFirst())) {
      throw wrong("it is a CA itself");
    }
    CertificateRules.checkSize(path);
    for (X509Certificate each : path) {
      CertificateRules.checkStrong(each);
    }
    CertPathValidator.getInstance("PKIX")
        .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
  }

  private static void checkUse(X509Certificate leaf) throws CertificateException {
    if (leaf.getBasicConstraints() >= 0) {
      throw wrong("it is a CA itself");
    }
    boolean[] usage = leaf.getKeyUsage();
    if (usage != null && !usage[0]) {
      throw wrong("its key usage lacks digitalSignature");
    }
    List<String> purposes = leaf.getExtendedKeyUsage();
    if (purposes == null || !purposes.contains(CLIENT_AUTH)) {
      throw wrong("its extended key usage lacks clientAuth");
    }
  }

  /** Read anew each time: CAs change, and joins are few. */
  private Set<TrustAnchor> anchors() {
    try {
      Set<TrustAnchor> anchors = new HashSet<>();
      for (X509Certificate ca : Pem.certificates(ConfigFile.text(settings.caFile()))) {
        anchors.add(new TrustAnchor(ca, null));
      }
      if (anchors.isEmpty()) {
        throw new UserError(settings.caFile() + ": holds no certificate");
      }
      return anchors;
    } catch (CertificateException e) {
      throw new UserError(settings.caFile() + ": " + e.getMessage(), e);
    }
  }
}
