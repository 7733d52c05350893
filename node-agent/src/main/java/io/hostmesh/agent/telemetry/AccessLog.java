package io.hostmesh.agent.telemetry;

/** Where one line goes for each request and connection. Never blocks the caller. Any thread. */
@FunctionalInterface
public interface AccessLog {
  /**
   * @param line one JSON object without a line end
   */
  void write(String line);

  /** Writes nothing. */
  static AccessLog none() {
    return _ -> {};
  }
}
