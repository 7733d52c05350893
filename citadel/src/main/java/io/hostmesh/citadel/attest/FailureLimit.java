package io.hostmesh.citadel.attest;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many wrong tokens and proofs one address may show: ten at once, then one in six seconds. Of
 * IPv6 a /64 counts as one address. Safe for any thread.
 */
final class FailureLimit {
  private static final int BURST = 10;
  private static final Duration REFILL = Duration.ofSeconds(6);
  private static final int MOST_ADDRESSES = 10_000;
  private static final int V6_NETWORK_BYTES = 8;

  private final InstantSource clock;

  /** By address, when its failures are all forgiven; the ones that failed last at the end. */
  private final Map<String, Instant> forgiven = new LinkedHashMap<>();

  FailureLimit(InstantSource clock) {
    this.clock = clock;
  }

  /** Whether this address must wait. */
  synchronized boolean isExhausted(String address) {
    Instant until = forgiven.get(network(address));
    Instant now = clock.instant();
    return until != null && until.isAfter(now.plus(REFILL.multipliedBy(BURST - 1L)));
  }

  /** Counts a failure. */
  synchronized void failed(String address) {
    String network = network(address);
    Instant now = clock.instant();
    Instant until = forgiven.remove(network);
    forgiven.put(network, (until == null || until.isBefore(now) ? now : until).plus(REFILL));
    Iterator<Instant> oldest = forgiven.values().iterator();
    if (forgiven.size() > MOST_ADDRESSES && oldest.hasNext()) {
      oldest.next();
      oldest.remove();
    }
  }

  private static String network(String address) {
    try {
      byte[] bytes = InetAddress.ofLiteral(address).getAddress();
      if (bytes.length > 4) {
        java.util.Arrays.fill(bytes, V6_NETWORK_BYTES, bytes.length, (byte) 0);
        return java.util.HexFormat.of().formatHex(bytes, 0, V6_NETWORK_BYTES);
      }
    } catch (IllegalArgumentException e) {
      // Not an address: counted as it is written.
      return address;
    }
    return address;
  }
}
