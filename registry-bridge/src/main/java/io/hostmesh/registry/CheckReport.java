package io.hostmesh.registry;

/**
 * What a check last found.
 *
 * @param output for people; no more than {@value #MAX_OUTPUT} characters are kept
 */
public record CheckReport(CheckStatus status, String output) {
  static final int MAX_OUTPUT = 500;

  /** Before the first report. */
  static final CheckReport NONE_YET = new CheckReport(CheckStatus.CRITICAL, "not checked yet");

  static final CheckReport ALIVE =
      new CheckReport(CheckStatus.PASSING, "the host's mesh agent is alive");

  public CheckReport {
    output = output.length() > MAX_OUTPUT ? output.substring(0, MAX_OUTPUT) : output;
  }
}
