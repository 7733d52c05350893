package io.hostmesh.agent.redirect;

import java.util.List;

/** What of ours is in the kernel now. */
public sealed interface CaptureStatus {
  /** Nothing. */
  record Off() implements CaptureStatus {}

  /**
   * Rules are in force.
   *
   * @param confirmed whether they stay; else they undo themselves soon
   * @param dns whether questions for names are captured
   * @param routes the virtual ranges that are routed here
   */
  record On(CaptureBackend backend, boolean confirmed, boolean dns, List<String> routes)
      implements CaptureStatus {}
}
