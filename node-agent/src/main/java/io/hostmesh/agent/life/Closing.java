package io.hostmesh.agent.life;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has begun, ended in the opposite order. For one thread at a time. */
final class Closing implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Closing.class.getName());

  private final Deque<AutoCloseable> begun = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T part) {
    begun.push(part);
    return part;
  }

  /** Ends all; a part that fails to end does not keep the others. */
  @Override
  public void close() {
    while (!begun.isEmpty()) {
      AutoCloseable part = begun.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "a part did not end cleanly", e);
      }
    }
  }
}
