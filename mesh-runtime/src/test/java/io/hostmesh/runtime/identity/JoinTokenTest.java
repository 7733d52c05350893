package io.hostmesh.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class JoinTokenTest {
  @Provide
  Arbitrary<String> hex64() {
    return Arbitraries.strings().withCharRange('0', '9').withCharRange('a', 'f').ofLength(64);
  }

  @Property
  void isReadAsItWasWritten(@ForAll("hex64") String secret, @ForAll("hex64") String root) {
    JoinToken token = new JoinToken("a1b2c3d4e5f6", secret, root);
    assertThat(JoinToken.parse(" " + token.text() + "\n")).isEqualTo(token);
    assertThat(token.toString()).doesNotContain(secret);
    assertThat(token.secretHash()).hasSize(64).isNotEqualTo(secret);
  }

  @Property
  void neverRepeatsWhatItCannotRead(@ForAll String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JoinToken.parse(text))
        .withMessageContaining("hostmesh token create");
  }

  @Test
  void aTokenWithAPartMissingIsNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JoinToken.parse("a1b2c3d4." + "0".repeat(64)));
  }
}
