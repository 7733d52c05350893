package io.hostmesh.agent.protocol;

import java.time.Duration;

/** A connection that can be asked to end without breaking anything under way. */
public interface Drainable {
  /**
   * How long an idle connection may still bring a request after the drain began: closing it at once
   * would break a request that is on its way.
   */
  Duration IDLE_GRACE = Duration.ofSeconds(2);

  /** Takes nothing new if it can say so, and closes once idle. On the channel's event loop. */
  void drain();
}
