package io.hostmesh.agent.workloadapi;

/** What can be said to a caller now. */
sealed interface Answer<R> {
  record Ready<R>(R message) implements Answer<R> {}

  /**
   * Nothing yet, though there will be.
   *
   * @param why a sentence
   */
  record Waiting<R>(String why) implements Answer<R> {}
}
