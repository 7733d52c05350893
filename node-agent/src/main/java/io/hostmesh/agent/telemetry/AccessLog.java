package io.hostmesh.agent.telemetry;

/** Where one line goes for each request and connection. Never blocks the caller. Any thread. */
@FunctionalInterface
public interface AccessLog {
  /**
   * @param line one JSON object without a line end
   */
  void write(String line);

  /** Whether lines are wanted at all: making them costs more than all else that is noted. */
  default boolean enabled() {
    return true;
  }

  /** Writes nothing. */
  static AccessLog none() {
    return new AccessLog() {
      @Override
      public void write(String line) {}

      @Override
      public boolean enabled() {
        return false;
      }
    };
  }
}
