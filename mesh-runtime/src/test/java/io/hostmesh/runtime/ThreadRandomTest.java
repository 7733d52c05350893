package io.hostmesh.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class ThreadRandomTest {
  @Test
  void threadsShareNoNumbers() throws InterruptedException {
    ThreadRandom random = new ThreadRandom();
    Set<Long> seen = ConcurrentHashMap.newKeySet();
    Thread[] threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int n = 0; n < 1000; n++) {
                      seen.add(random.nextLong());
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(seen).hasSize(4000);
    assertThat(random.ints(1000, 0, 3)).containsOnly(0, 1, 2);
  }
}
