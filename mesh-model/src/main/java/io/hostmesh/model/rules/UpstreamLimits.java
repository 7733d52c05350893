package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;

/**
 * How much an agent has under way towards a service at a time, all of its event loops together:
 * what is more is refused at once, before it can pile up.
 *
 * @param connections open to its instances
 * @param pending requests and connections that wait for a connection to be opened
 * @param requests under way, to all of its instances
 * @param retries under way
 * @param origin of the section, for messages
 */
public record UpstreamLimits(
    int connections, int pending, int requests, int retries, Origin origin) {
  /** What a limit is that is not set. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  public static final UpstreamLimits NONE =
      new UpstreamLimits(UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, new Origin("", 0, ""));

  /** Whether it limits something. */
  public boolean isAny() {
    return Math.min(Math.min(connections, pending), Math.min(requests, retries)) < UNLIMITED;
  }
}
