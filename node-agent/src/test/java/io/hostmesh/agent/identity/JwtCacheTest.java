package io.hostmesh.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.jwt.JwtIssued;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens are handed out again while they are young, by whatever clock the host has. */
class JwtCacheTest {
  private static final Duration LIFE = Duration.ofMinutes(5);
  private static final ServiceName WEB = ServiceName.of("web");

  private Instant now = Instant.parse("2026-01-01T12:00:00Z");
  private Duration ahead = Duration.ZERO;
  private int signed;

  /** Citadel's clock is right; the host's is ahead of it. */
  private final JwtCache cache =
      new JwtCache(
          (_, _) ->
              Future.succeededFuture(
                  new JwtIssued(
                      "spiffe://hostmesh.local/web", "t" + ++signed, now, now.plus(LIFE))),
          () -> now.plus(ahead));

  private String token() {
    return cache.get(WEB, List.of("billing")).result().token();
  }

  @ParameterizedTest
  @ValueSource(ints = {-5, 0, 5})
  void halfOfItsLifeOnlyWhateverTheClockSays(int minutes) {
    ahead = Duration.ofMinutes(minutes);
    assertThat(token()).isEqualTo("t1");
    now = now.plus(Duration.ofSeconds(149));
    assertThat(token()).isEqualTo("t1");
    now = now.plus(Duration.ofSeconds(2));
    assertThat(token()).isEqualTo("t2");
  }

  @Test
  void aClockThatWasSetBackDoesNotKeepItForLonger() {
    assertThat(token()).isEqualTo("t1");
    ahead = Duration.ofHours(-1);
    assertThat(token()).isEqualTo("t2");
  }
}
