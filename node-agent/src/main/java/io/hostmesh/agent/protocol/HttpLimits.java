package io.hostmesh.agent.protocol;

import java.time.Duration;

/**
 * What a peer may send.
 *
 * @param targetBytes the request line; beyond it 414
 * @param headBytes all headers; beyond it 431
 * @param headTime from a head's first byte to its last; beyond it 408
 */
public record HttpLimits(int targetBytes, int headBytes, Duration headTime) {
  public static final HttpLimits DEFAULT =
      new HttpLimits(16 * 1024, 64 * 1024, Duration.ofSeconds(30));
}
