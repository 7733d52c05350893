package io.hostmesh.citadel.authority;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Time;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kind of certificate that citadel makes, held against the rules of RFC 5280 section 4 and of
 * SPIFFE X.509-SVID. {@code -Dlint.folder=FOLDER} leaves them there, for linters of others.
 */
class CertificateLintTest {
  private static final String DOMAIN = "hostmesh.local";
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Set<String> BOTH = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  @TempDir Path folder;

  /** By kind, the issuer of each behind it. */
  private Map<String, List<X509Certificate>> all() throws IOException {
    Authority authority =
        Authority.open(
            DOMAIN,
            Lifetimes.DEFAULT,
            new AuthorityFiles(
                new StateFiles(folder.resolve("state")),
                Passphrase.read(folder.resolve("phrase"), true, RANDOM),
                RANDOM),
            Clock.systemUTC(),
            RANDOM);
    X509Certificate root = authority.root();
    X509Certificate intermediate = authority.intermediate();
    Map<String, List<X509Certificate>> all = new LinkedHashMap<>();
    all.put("root", List.of(root, root));
    all.put("intermediate", List.of(intermediate, root));
    all.put("citadel", List.of(authority.own().leaf(), intermediate));
    Map<String, SpiffeId> ids = new LinkedHashMap<>();
    ids.put("service", SpiffeId.Service.of(DOMAIN, "dc1", ServiceName.of("web")));
    ids.put("node", new SpiffeId.Node(DOMAIN, "h1"));
    ids.put("pilot", new SpiffeId.Control(DOMAIN, SpiffeId.Control.Role.PILOT));
    ids.put("operator", new SpiffeId.Operator(DOMAIN, OperatorRole.ADMIN, "ann"));
    ids.forEach(
        (kind, id) ->
            all.put(
                kind,
                List.of(
                    authority
                        .sign(id, KeyPairs.generate().getPublic(), Duration.ofHours(1))
                        .getFirst(),
                    intermediate)));
    return all;
  }

  @Test
  void everyKindKeepsTheRules() throws Exception {
    List<String> findings = new ArrayList<>();
    for (Map.Entry<String, List<X509Certificate>> kind : all().entrySet()) {
      Lint lint = new Lint(kind.getKey(), kind.getValue().getFirst(), kind.getValue().getLast());
      findings.addAll(lint.findings());
      String left = System.getProperty("lint.folder");
      if (left != null) {
        Path pem = Path.of(left).resolve(kind.getKey() + ".pem");
        Files.writeString(pem, Pem.encode(List.of(kind.getValue().getFirst())));
      }
    }
    assertThat(findings).isEmpty();
  }

  /** The checks on one. */
  private static final class Lint {
    private final String kind;
    private final X509Certificate certificate;
    private final X509Certificate issuer;
    private final List<String> findings = new ArrayList<>();

    Lint(String kind, X509Certificate certificate, X509Certificate issuer) {
      this.kind = kind;
      this.certificate = certificate;
      this.issuer = issuer;
    }

    List<String> findings() throws Exception {
      boolean isRoot = kind.equals("root");
      boolean isAuthority = isRoot || kind.equals("intermediate");
      content();
      validity();
      key("its own", certificate);
      identifiers(isRoot);
      if (isAuthority) {
        authority(isRoot);
      } else {
        leaf();
      }
      return findings;
    }

    private void require(boolean holds, String rule) {
      if (!holds) {
        findings.add(kind + ": " + rule);
      }
    }

    private void content() throws Exception {
      byte[] der = certificate.getEncoded();
      Certificate parsed = Certificate.getInstance(ASN1Primitive.fromByteArray(der));
      require(Arrays.equals(parsed.getEncoded(ASN1Encoding.DER), der), "4.1: is DER");
      require(certificate.getVersion() == 3, "4.1.2.1: version 3, since there are extensions");
      require(certificate.getSerialNumber().signum() > 0, "4.1.2.2: a positive serial number");
      require(
          certificate.getSerialNumber().toByteArray().length <= 20,
          "4.1.2.2: a serial number of at most 20 bytes");
      require(certificate.getSerialNumber().bitLength() >= 64, "a serial number of 64 bits");
      require(
          parsed.getSignatureAlgorithm().equals(parsed.getTBSCertificate().getSignature()),
          "4.1.1.2: the same algorithm inside and outside");
      require(
          parsed.getSignatureAlgorithm().getParameters() == null,
          "RFC 5758 3.2: no parameters with ECDSA");
      require(
          Set.of("SHA256withECDSA", "SHA384withECDSA").contains(certificate.getSigAlgName()),
          "ECDSA with SHA-2");
      certificate.verify(issuer.getPublicKey());
      require(
          certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()),
          "4.1.2.4: the issuer's name is its subject");
      require(!certificate.getIssuerX500Principal().getName().isEmpty(), "4.1.2.4: an issuer");
      require(
          certificate.getIssuerUniqueID() == null && certificate.getSubjectUniqueID() == null,
          "4.1.2.8: no unique ids");
      X500Name subject = parsed.getSubject();
      require(
          Arrays.stream(subject.getRDNs())
              .allMatch(rdn -> String.valueOf(rdn.getFirst().getValue()).length() <= 64),
          "appendix A.1: names of at most 64 characters");
      List<String> oids =
          Arrays.stream(parsed.getTBSCertificate().getExtensions().getExtensionOIDs())
              .map(String::valueOf)
              .toList();
      require(Set.copyOf(oids).size() == oids.size(), "4.2: no extension twice");
    }

    private void validity() {
      Certificate parsed = parsed();
      for (Time time :
          List.of(
              parsed.getTBSCertificate().getValidity().getNotBefore(),
              parsed.getTBSCertificate().getValidity().getNotAfter())) {
        boolean isEarly = end(certificate).getEpochSecond() < 2_524_608_000L;
        require(
            isEarly
                ? time.toASN1Primitive() instanceof ASN1UTCTime
                : time.toASN1Primitive() instanceof ASN1UTCTime
                    || time.toASN1Primitive() instanceof ASN1GeneralizedTime,
            "4.1.2.5: UTCTime through 2049");
      }
      require(begin(certificate).isBefore(end(certificate)), "4.1.2.5: a life");
      require(!end(certificate).isAfter(end(issuer)), "no longer life than its issuer");
    }

    private static Instant begin(X509Certificate of) {
      return of.getNotBefore().toInstant();
    }

    private static Instant end(X509Certificate of) {
      return of.getNotAfter().toInstant();
    }

    private Certificate parsed() {
      try {
        return Certificate.getInstance(certificate.getEncoded());
      } catch (CertificateException e) {
        throw new AssertionError(e);
      }
    }

    private void key(String whose, X509Certificate of) {
      require(
          KeyPairs.Curve.of(of.getPublicKey()).isPresent(), whose + " key is on P-256 or P-384");
      require(
          parsed().getSubjectPublicKeyInfo().getAlgorithm().getParameters().toASN1Primitive()
              instanceof org.bouncycastle.asn1.ASN1ObjectIdentifier,
          "RFC 5480 2.1.1: a named curve");
    }

    private void identifiers(boolean isRoot) {
      require(KeyIds.subject(certificate).isPresent(), "4.2.1.2: a subject key identifier");
      require(
          isRoot || KeyIds.authority(certificate).equals(KeyIds.subject(issuer)),
          "4.2.1.1: the identifier of its issuer's key");
      require(!isCritical(Extension.subjectKeyIdentifier.getId()), "4.2.1.2: not critical");
      require(!isCritical(Extension.authorityKeyIdentifier.getId()), "4.2.1.1: not critical");
    }

    private boolean isCritical(String oid) {
      return Optional.ofNullable(certificate.getCriticalExtensionOIDs())
          .orElseGet(Set::of)
          .contains(oid);
    }

    private List<String> uris() throws CertificateException {
      return Optional.ofNullable(certificate.getSubjectAlternativeNames()).stream()
          .flatMap(java.util.Collection::stream)
          .filter(name -> Integer.valueOf(6).equals(name.getFirst()))
          .map(name -> String.valueOf(name.get(1)))
          .toList();
    }

    private void authority(boolean isRoot) throws CertificateException {
      require(certificate.getBasicConstraints() == (isRoot ? 1 : 0), "4.2.1.9: a path length");
      require(isCritical(Extension.basicConstraints.getId()), "4.2.1.9: critical");
      boolean[] usage = certificate.getKeyUsage();
      require(usage != null && usage[5], "4.2.1.3, SPIFFE 4.3: keyCertSign");
      require(usage != null && !usage[0], "no other use of an authority's key");
      require(isCritical(Extension.keyUsage.getId()), "SPIFFE 4.3: critical");
      require(!certificate.getSubjectX500Principal().getName().isEmpty(), "4.1.2.6: a subject");
      require(uris().equals(List.of("spiffe://" + DOMAIN)), "SPIFFE 3.2: an id without a path");
      if (!isRoot) {
        require(isCritical(Extension.nameConstraints.getId()), "4.2.1.10: critical");
      }
    }

    private void leaf() throws CertificateException {
      require(certificate.getBasicConstraints() == -1, "SPIFFE 4.1: cA is false");
      boolean[] usage = certificate.getKeyUsage();
      require(usage != null && usage[0], "SPIFFE 4.3: digitalSignature");
      require(usage != null && !usage[5] && !usage[6], "SPIFFE 4.3: signs no certificates");
      require(isCritical(Extension.keyUsage.getId()), "SPIFFE 4.3: critical");
      List<String> purposes = certificate.getExtendedKeyUsage();
      require(
          purposes != null && Set.copyOf(purposes).equals(BOTH),
          "SPIFFE 4.4: serverAuth and clientAuth");
      List<String> uris = uris();
      require(uris.size() == 1, "SPIFFE 2: one URI");
      require(SpiffeId.parse(uris.getFirst()).uri().equals(uris.getFirst()), "SPIFFE 2: an id");
      require(uris.getFirst().length() <= 2048, "SPIFFE-ID 2.3: of at most 2048 bytes");
      boolean isEmpty = certificate.getSubjectX500Principal().getName().isEmpty();
      require(
          !isEmpty || isCritical(Extension.subjectAlternativeName.getId()),
          "4.2.1.6: critical where there is no subject");
      require(
          certificate.getExtensionValue(Extension.nameConstraints.getId()) == null,
          "4.2.1.10: no name constraints");
    }
  }
}
