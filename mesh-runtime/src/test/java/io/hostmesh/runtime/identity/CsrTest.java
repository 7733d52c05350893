package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hostmesh.runtime.testing.Forged;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;

class CsrTest {
  @Test
  void theKeyComesOutOfItsOwnRequest() {
    KeyPair pair = KeyPairs.generate();
    assertThat(Csr.provenKey(Csr.of(pair))).isEqualTo(pair.getPublic());
  }

  @Test
  void aServicesKeyMayBeOfAnyKindAndANodesMayNot() {
    for (KeyPairs.Kind kind : KeyPairs.Kind.values()) {
      KeyPair pair = kind.generate();
      byte[] request = Csr.of(pair);
      assertThat(Csr.provenServiceKey(request)).isEqualTo(pair.getPublic());
      if (kind != KeyPairs.Kind.P256) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> Csr.provenKey(request))
            .withMessageContaining("the certificate request's key is not an EC key on P-256");
      }
      KeyPair mixed = new KeyPair(kind.generate().getPublic(), pair.getPrivate());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Csr.provenServiceKey(Csr.of(mixed)))
          .withMessageContaining("not signed by the key that it names");
    }
  }

  @Test
  void aRequestSignedByAnotherKeyProvesNothing() {
    KeyPair mine = KeyPairs.generate();
    KeyPair mixed = new KeyPair(KeyPairs.generate().getPublic(), mine.getPrivate());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Csr.provenKey(Csr.of(mixed)))
        .withMessageContaining("not signed by the key that it names");
  }

  @Test
  void otherCurvesAreRefused() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(384);
    byte[] request = Csr.of(generator.generateKeyPair());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Csr.provenKey(request))
        .withMessageContaining("P-256");
  }

  private static final KeyPair MINE = KeyPairs.generate();

  /** Knows curves that the JDK does not. */
  private static final Provider BC = new BouncyCastleProvider();

  /** A request as someone else's program makes it. */
  private static byte[] request(
      KeyPair pair, String subject, String signature, List<GeneralName> names, boolean ca)
      throws Exception {
    ExtensionsGenerator wishes = new ExtensionsGenerator();
    if (!names.isEmpty()) {
      wishes.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(names.toArray(new GeneralName[0])));
    }
    if (ca) {
      wishes.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    }
    JcaPKCS10CertificationRequestBuilder builder =
        new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), pair.getPublic());
    if (!wishes.isEmpty()) {
      builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, wishes.generate());
    }
    return builder
        .build(new JcaContentSignerBuilder(signature).setProvider(BC).build(pair.getPrivate()))
        .getEncoded();
  }

  private static byte[] asking(GeneralName... names) throws Exception {
    return request(MINE, "", "SHA256withECDSA", List.of(names), false);
  }

  private static GeneralName uri(String uri) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
  }

  private static void refused(byte[] request, String... why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Csr.provenKey(request))
        .withMessageContainingAll(why);
  }

  @Test
  void aRequestForANameIsRefusedWhosesoeverItIs() throws Exception {
    String payments = "spiffe://hostmesh.local/ns/default/dc/dc1/svc/payments";
    refused(asking(uri(payments)), "asks for " + payments, "citadel decides");
    refused(asking(uri(payments), uri("spiffe://hostmesh.local/node/h1")), payments, "/node/h1");
    refused(asking(new GeneralName(GeneralName.dNSName, "bank.example")), "bank.example");
    refused(asking(new GeneralName(GeneralName.iPAddress, "10.0.0.1")), "asks for");
    refused(asking(new GeneralName(GeneralName.rfc822Name, "a@bank.example")), "a@bank.example");
    refused(request(MINE, "CN=payments", "SHA256withECDSA", List.of(), false), "CN=payments");
  }

  @Test
  void aRequestToBecomeAnAuthorityIsRefused() throws Exception {
    refused(request(MINE, "", "SHA256withECDSA", List.of(), true), "the extension 2.5.29.19");
  }

  @Test
  void weakKeysAndProofsAreRefused() throws Exception {
    refused(request(Forged.keys("RSA", 1024), "", "SHA256withRSA", List.of(), false), "P-256");
    refused(request(Forged.keys("RSA", 4096), "", "SHA256withRSA", List.of(), false), "P-256");
    refused(request(onCurve("secp256k1"), "", "SHA256withECDSA", List.of(), false), "P-256");
    refused(request(onCurve("secp192r1"), "", "SHA256withECDSA", List.of(), false), "P-256");
    refused(request(MINE, "", "SHA1withECDSA", List.of(), false), "ECDSA with SHA-2");
  }

  private static KeyPair onCurve(String name) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", BC);
    generator.initialize(new ECGenParameterSpec(name));
    return generator.generateKeyPair();
  }

  /** A point that is not on the curve would give its sender's own group to calculate in. */
  @Test
  void aPointThatIsNotOnTheCurveIsRefused() {
    byte[] request = Csr.of(MINE);
    byte[] point = MINE.getPublic().getEncoded();
    int at = indexOf(request, Arrays.copyOfRange(point, point.length - 64, point.length));
    request[at + 63] ^= 1;

    assertThatIllegalArgumentException().isThrownBy(() -> Csr.provenKey(request));
  }

  private static int indexOf(byte[] where, byte[] what) {
    for (int i = 0; i + what.length <= where.length; i++) {
      if (Arrays.equals(where, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  @Test
  void bytesBeforeBehindAndInMassesAreRefused() {
    byte[] good = Csr.of(MINE);
    refused(Arrays.copyOf(good, good.length + 1), "not a PKCS #10");
    refused(Arrays.copyOf(good, good.length - 1), "not a PKCS #10");
    refused(new byte[0], "0 bytes");
    refused(new byte[1 << 20], "1048576 bytes; 1 to 4096 are read");
  }

  @Test
  void thePublicKeyIsFoundFromThePrivateOne() throws Exception {
    KeyPair pair = KeyPairs.generate();
    assertThat(KeyPairs.publicOf(pair.getPrivate())).isEqualTo(pair.getPublic());
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreReadOrRefused(byte[] bytes) {
    refusesOrReads(bytes);
  }

  /** A real request with bytes changed goes deeper than noise: place and value, in pairs. */
  @FuzzTest(maxDuration = "1m")
  void aDamagedRequestIsReadOrRefused(byte[] damage) {
    byte[] request = Csr.of(KeyPairs.generate());
    for (int i = 0; i + 1 < damage.length; i += 2) {
      request[(damage[i] & 0xff) % request.length] = damage[i + 1];
    }
    refusesOrReads(request);
  }

  private static void refusesOrReads(byte[] bytes) {
    Optional<PublicKey> key;
    try {
      key = Optional.of(Csr.provenKey(bytes));
    } catch (IllegalArgumentException refused) {
      key = Optional.empty();
    }
    key.ifPresent(found -> assertThat(KeyPairs.isP256(found)).isTrue());
  }
}
