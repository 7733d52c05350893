package io.hostmesh.agent.authz;

/** What a rule says of a call. */
public sealed interface Verdict {
  Verdict ALLOWED = new Allowed();

  record Allowed() implements Verdict {}

  /**
   * @param sentence which rule denied whom and what
   */
  record Denied(String sentence) implements Verdict {}
}
