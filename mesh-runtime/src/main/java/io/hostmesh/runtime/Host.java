package io.hostmesh.runtime;

import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.random.RandomGenerator;

/**
 * What a daemon gets from the process that it runs in: the event loops, the time and chance.
 *
 * @param random for any thread; not for secrets
 * @param version the product's version
 */
public record Host(Vertx vertx, Clock clock, RandomGenerator random, String version) {}
