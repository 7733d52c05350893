package io.hostmesh.registry;

/**
 * Hears of an election's outcome. Called on the election's own virtual thread, which it may hold up
 * for no longer than a second or two.
 */
public interface LeadershipListener {
  /** This candidate leads from now on. */
  void elected();

  /**
   * This candidate leads no more, or cannot be sure that it does: another may be elected from now
   * on.
   */
  void lost();
}
