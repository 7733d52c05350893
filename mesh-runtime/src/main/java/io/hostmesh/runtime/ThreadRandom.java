package io.hostmesh.runtime;

import io.netty.util.concurrent.FastThreadLocal;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Chance for any thread: the JDK's generators are for one thread each, so each thread has its own,
 * seeded by the operating system. Fast, long of period, and not for secrets.
 */
final class ThreadRandom implements RandomGenerator {
  private static final String ALGORITHM = "L64X128MixRandom";

  /** 64 bits that make it another sequence, and 128 bits of state. */
  private static final int SEED_BYTES = 32;

  private final FastThreadLocal<RandomGenerator> own =
      new FastThreadLocal<>() {
        @Override
        protected RandomGenerator initialValue() {
          byte[] seed = new byte[SEED_BYTES];
          new SecureRandom().nextBytes(seed);
          return RandomGeneratorFactory.of(ALGORITHM).create(seed);
        }
      };

  @Override
  public long nextLong() {
    return own.get().nextLong();
  }

  @Override
  public int nextInt(int bound) {
    return own.get().nextInt(bound);
  }
}
