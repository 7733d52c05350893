package io.hostmesh.agent.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.upstream.LocalEnd;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallerAddressTest {
  private static final int MARK = 7;
  private static final CallerAddress PRESERVED = new CallerAddress(OptionalInt.of(MARK), true);

  private static Optional<LocalEnd> of(CallerAddress how, String peer, String application) {
    return how.of(peer, InetAddress.ofLiteral(application));
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1, 10.0.0.2", "fd00::1, fd00::2", "10.0.0.2, 10.0.0.2"})
  void anApplicationThatCanAnswerToTheCallerSeesItsAddress(String peer, String application) {
    assertThat(of(PRESERVED, peer, application))
        .contains(LocalEnd.callers(InetAddress.ofLiteral(peer), MARK));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 127.0.0.1", // it could not answer
    "10.0.0.1, 0.0.0.0", // which means a loopback address
    "127.0.0.1, 127.0.0.1", // it would take the caller for one that it trusts
    "fd00::1, 10.0.0.2", // no address of its family
    "fe80::1%lo, 10.0.0.2",
    "169.254.1.1, 10.0.0.2"
  })
  void anotherOneIsCalledAsIfNothingWasPreserved(String peer, String application) {
    assertThat(of(PRESERVED, peer, application))
        .isEqualTo(of(CallerAddress.HIDDEN, peer, application))
        .contains(LocalEnd.ours(InetAddress.ofLiteral("127.0.0.6")));
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 10.0.0.2", "::1, 10.0.0.2", "127.0.0.1, fd00::2"})
  void aLoopbackCallerGetsTheAddressThatTheApplicationListensOn(String peer, String application) {
    assertThat(of(PRESERVED, peer, application))
        .contains(LocalEnd.ours(InetAddress.ofLiteral(application)));
  }

  @Test
  void withoutRulesForIpv6NothingIsPreservedThere() {
    CallerAddress without = new CallerAddress(OptionalInt.of(MARK), false);

    assertThat(of(without, "fd00::1", "fd00::2")).isEmpty();
    assertThat(of(without, "10.0.0.1", "10.0.0.2")).isPresent();
  }
}
