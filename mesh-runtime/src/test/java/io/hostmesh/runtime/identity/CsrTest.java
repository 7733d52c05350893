package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CsrTest {
  @Test
  void theKeyComesOutOfItsOwnRequest() {
    KeyPair pair = KeyPairs.generate();
    assertThat(Csr.provenKey(Csr.of(pair))).isEqualTo(pair.getPublic());
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
