package io.hostmesh.agent.local;

/**
 * Whether an instance is well: all of its checks pass.
 *
 * @param output one line: the first failing check and what it said, or "passing"
 */
public record Health(boolean well, String output) {
  public static final Health UNKNOWN = new Health(false, CheckHistory.UNKNOWN.output());
}
