package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShareTest {
  @Test
  void isWrittenInPercent() {
    assertThat(Share.parse("20%")).isEqualTo(Share.percent(20));
    assertThat(Share.parse("0.5 %").basisPoints()).isEqualTo(50);
    assertThat(Share.parse("0.25%").fraction()).isEqualTo(0.0025);
    assertThat(Share.parse("100%").of(7)).isEqualTo(7);
    assertThat(Share.percent(20).of(14)).isEqualTo(2);
  }

  @Test
  void anythingElseIsRefusedWithTheForm() {
    for (String wrong : new String[] {"20", "101%", "-1%", "0.123%", "half", "", "100.01%"}) {
      assertThatThrownBy(() -> Share.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("write 0% to 100%");
    }
  }

  @Property
  void whatIsWrittenIsReadAsTheSame(@ForAll @IntRange(min = 0, max = 10_000) int points) {
    Share share = new Share(points);
    assertThat(Share.parse(share.toString())).isEqualTo(share);
  }
}
