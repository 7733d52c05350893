package io.hostmesh.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.BadCertificates;
import io.hostmesh.runtime.testing.BadCertificates.Bad;
import io.hostmesh.runtime.testing.Forged;
import io.hostmesh.runtime.testing.TestAuthority;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A certificate proves who somebody is only where it and all above it keep every rule. */
class BadCertificatesTest {
  private static final SpiffeId WEB = new SpiffeId.Service("test.local", "default", "dc1", "web");
  private static final SpiffeId SHOP = SpiffeId.Foreign.parse("spiffe://other.example/shop/1");
  private static final TestAuthority OURS = new TestAuthority("test.local");
  private static final TestAuthority THEIRS = new TestAuthority("other.example");

  private static Stream<Bad> bad() {
    return BadCertificates.below(OURS.issuer(), WEB).stream();
  }

  private static Stream<Bad> foreign() {
    return BadCertificates.below(THEIRS.issuer(), SHOP).stream();
  }

  private static SpiffeId verify(List<byte[]> chain, TrustRoots roots) throws CertificateException {
    return SvidVerifier.verify(Pem.certificates(chain), roots, Instant.now());
  }

  private static SpiffeId verifyForeign(List<byte[]> chain) throws CertificateException {
    return SvidVerifier.verify(
        Pem.certificates(chain),
        new TrustedDomains(OURS.roots(), Map.of("other.example", THEIRS.roots())),
        Instant.now());
  }

  @Test
  void theSameWithoutAFlawIsBelieved() throws Exception {
    assertThat(verify(BadCertificates.good(OURS.issuer(), WEB).chain(), OURS.roots()))
        .isEqualTo(WEB);
    assertThat(verifyForeign(BadCertificates.good(THEIRS.issuer(), SHOP).chain())).isEqualTo(SHOP);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void aCertificateThatBreaksARuleProvesNothing(Bad bad) {
    assertThatThrownBy(() -> verify(bad.chain(), OURS.roots()))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining(bad.why())
        .extracting(Throwable::getMessage)
        .satisfies(message -> assertThat(message.length()).isLessThan(500));
  }

  @ParameterizedTest
  @MethodSource("foreign")
  void norDoesOneOfAnotherTrustDomain(Bad bad) {
    assertThatThrownBy(() -> verifyForeign(bad.chain())).isInstanceOf(CertificateException.class);
  }

  private static void refusedBelow(Forged root, String why) throws Exception {
    List<X509Certificate> trusted = roots(root);
    List<byte[]> chain =
        List.of(
            Forged.leaf(root.asIssuer(), Forged.keys(), WEB.uri()).der(),
            trusted.getFirst().getEncoded());
    assertThatThrownBy(() -> verify(chain, new TrustRoots("test.local", trusted, 1)))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining(why);
  }

  private static List<X509Certificate> roots(Forged root) throws CertificateException {
    return List.of(root.certificate());
  }

  private static Forged root() {
    return root(Forged.keys());
  }

  private static Forged root(KeyPair keys) {
    return Forged.root(keys, "a root");
  }

  /** A bundle may come from elsewhere, or be older than the day. */
  @Test
  void aRootIsJudgedAsWell() throws Exception {
    Duration hour = Duration.ofHours(1);
    refusedBelow(
        root().between(hour.multipliedBy(-2), hour.negated()), "the root above it expired");
    refusedBelow(root().between(hour, hour.multipliedBy(2)), "the root above it holds from");
    refusedBelow(root().without(Extension.basicConstraints), "is no CA");
    refusedBelow(
        root().with(Extension.basicConstraints, false, new BasicConstraints(true)), "not critical");
    refusedBelow(
        root().with(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature)),
        "keyCertSign");
    refusedBelow(root().without(Extension.subjectKeyIdentifier), "no subject key identifier");
    refusedBelow(root().version(1), "version 3");
    refusedBelow(root().serial(BigInteger.ZERO), "serial number");
    refusedBelow(
        root().with(new ASN1ObjectIdentifier("1.3.6.1.4.1.55555.1"), true, DERNull.INSTANCE),
        "not known here");
    refusedBelow(root(Forged.keys("RSA", 1024)), "RSA has 1024 bits");
    refusedBelow(
        root()
            .with(
                Extension.nameConstraints,
                true,
                new NameConstraints(
                    new GeneralSubtree[] {
                      new GeneralSubtree(
                          new GeneralName(
                              GeneralName.uniformResourceIdentifier, "elsewhere.example"))
                    },
                    null)),
        "not valid here");
  }

  @Test
  void aRootsOwnPathLengthAndConstraintsHold() throws Exception {
    Forged root =
        root()
            .with(Extension.basicConstraints, true, new BasicConstraints(0))
            .with(
                Extension.nameConstraints,
                true,
                new NameConstraints(
                    new GeneralSubtree[] {
                      new GeneralSubtree(
                          new GeneralName(GeneralName.uniformResourceIdentifier, "test.local"))
                    },
                    null));
    TrustRoots roots = new TrustRoots("test.local", roots(root), 1);
    Forged middle = Forged.authority(root.asIssuer(), Forged.keys(), "middle");
    byte[] leaf = Forged.leaf(root.asIssuer(), Forged.keys(), WEB.uri()).der();
    byte[] below = Forged.leaf(middle.asIssuer(), Forged.keys(), WEB.uri()).der();

    assertThat(verify(List.of(leaf), roots)).isEqualTo(WEB);
    assertThatThrownBy(() -> verify(List.of(below, middle.der()), roots))
        .hasMessageContaining("no path of this length");
  }

  @Test
  void aRootIsNoLeaf() throws Exception {
    Forged root = root().with(Extension.subjectAlternativeName, false, Forged.uris(WEB.uri()));

    assertThatThrownBy(
            () -> verify(List.of(root.der()), new TrustRoots("test.local", roots(root), 1)))
        .hasMessageContaining("a CA certificate cannot be used as a leaf");
  }

  /** Trust domains of others use what they like, among what is strong. */
  @Test
  void strongKeysOfOtherKindsAreTaken() throws Exception {
    for (KeyPair keys :
        List.of(Forged.keys("RSA", 2048), Forged.keys("EC", 384), Forged.keys("EC", 521))) {
      Forged root = root(keys);
      TrustRoots roots = new TrustRoots("test.local", roots(root), 1);
      byte[] leaf = Forged.leaf(root.asIssuer(), keys, WEB.uri()).der();
      assertThat(verify(List.of(leaf), roots)).isEqualTo(WEB);
    }
  }

  /** One of two roots of the same name has signed, as while a key is replaced. */
  @Test
  void aRootOfTheSameNameIsNotInTheWay() throws Exception {
    Forged first = root();
    Forged second = root();
    TrustRoots both =
        new TrustRoots("test.local", List.of(first.certificate(), second.certificate()), 1);

    for (Forged root : List.of(first, second)) {
      byte[] leaf = Forged.leaf(root.asIssuer(), Forged.keys(), WEB.uri()).der();
      assertThat(verify(List.of(leaf), both)).isEqualTo(WEB);
    }
  }
}
