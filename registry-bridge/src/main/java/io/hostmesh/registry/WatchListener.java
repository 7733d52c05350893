package io.hostmesh.registry;

/**
 * Hears what a watch sees. Called on the watch's own virtual thread, one call at a time: it may
 * block, but what it does holds the next news up; a Vert.x daemon hops to its own context.
 *
 * @param <T> an immutable snapshot
 */
@FunctionalInterface
public interface WatchListener<T> {
  /**
   * The whole state as the registry answered it: the first answer, and after that each one that
   * differs from the last. Never made from an error: an empty state means that the registry said
   * so.
   */
  void changed(T state);

  /**
   * The registry did not answer. What was heard last still stands; the watch keeps trying, with a
   * jittered, growing pause, and calls {@link #recovered()} at the next answer.
   *
   * @param failures how many attempts in a row have failed, from 1
   */
  default void failing(RegistryException failure, int failures) {}

  /** The registry answers again, whether or not the state differs. */
  default void recovered() {}
}
