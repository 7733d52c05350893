package io.hostmesh.agent.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two generations of an agent on the same state. */
class GenerationsTest {
  @TempDir Path state;

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void end() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void eachStartHasTheNextNumber() throws Exception {
    Generation first = Generation.next(state);
    assertThat(first.number()).isEqualTo(1);
    assertThat(first.isSucceeded()).isFalse();

    Generation second = Generation.next(state);

    assertThat(second.number()).isEqualTo(2);
    assertThat(first.isSucceeded()).isTrue();
    assertThat(second.isSucceeded()).isFalse();
  }

  @Test
  void aDamagedNumberBeginsAnew() throws Exception {
    Files.writeString(state.resolve("generation"), "many");

    assertThat(Generation.next(state).number()).isEqualTo(1);
  }

  @Test
  void theOlderOneOwnsTheStateUntilItEnds() throws Exception {
    CountDownLatch acquired = new CountDownLatch(1);
    StateLock older = StateLock.take(vertx, state, () -> {});
    try (StateLock newer = StateLock.take(vertx, state, acquired::countDown)) {
      assertThat(older.isOwner()).isTrue();
      assertThat(newer.isOwner()).isFalse();

      older.close();

      assertThat(older.isOwner()).isFalse();
      assertThat(acquired.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(newer.isOwner()).isTrue();
    }
  }

  @Test
  void aFolderThatIsNotThereIsSaid() {
    assertThatThrownBy(() -> Generation.next(state.resolve("nowhere")))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("state-dir: cannot write");
  }
}
