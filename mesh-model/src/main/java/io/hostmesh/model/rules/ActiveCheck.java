package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.List;

/**
 * A question that the agents which call a service ask its instances themselves, through the mesh,
 * beside the checks of the registry.
 *
 * @param interval between two questions to an instance, give or take a tenth
 * @param healthy good answers in a row that bring an instance back
 * @param unhealthy bad ones in a row that take it out
 */
public record ActiveCheck(
    Question question, Duration interval, Duration timeout, int healthy, int unhealthy) {
  public static final Duration INTERVAL = Duration.ofSeconds(2);
  public static final Duration TIMEOUT = Duration.ofSeconds(1);
  public static final int HEALTHY = 2;
  public static final int UNHEALTHY = 3;

  /** What is asked. */
  public sealed interface Question {
    /**
     * {@code GET} of a path.
     *
     * @param expect the statuses that are good ones; never empty
     */
    record Http(String path, List<StatusRange> expect) implements Question {
      public Http {
        expect = List.copyOf(expect);
      }

      public boolean isGood(int status) {
        return expect.stream().anyMatch(range -> range.holds(status));
      }

      @Override
      public String toString() {
        return "GET " + path;
      }
    }

    /**
     * {@code grpc.health.v1.Health/Check}.
     *
     * @param service that is asked about; empty for the server as a whole
     */
    record Grpc(String service) implements Question {
      @Override
      public String toString() {
        return "grpc.health.v1.Health/Check" + (service.isEmpty() ? "" : " of " + service);
      }
    }

    /** Whether the application takes a connection. */
    record Tcp() implements Question {
      @Override
      public String toString() {
        return "a connection";
      }
    }
  }

  /** Statuses of HTTP, both ends included. */
  public record StatusRange(int from, int to) {
    public static final StatusRange OK = new StatusRange(200, 299);

    /**
     * Reads {@code 200} or {@code 200-299}.
     *
     * @throws IllegalArgumentException where it is something else
     */
    public static StatusRange parse(String text) {
      int dash = text.indexOf('-');
      try {
        int from = Integer.parseInt(text.substring(0, dash < 0 ? text.length() : dash).strip());
        int to = dash < 0 ? from : Integer.parseInt(text.substring(dash + 1).strip());
        if (from >= 100 && from <= to && to <= 599) {
          return new StatusRange(from, to);
        }
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(wrong(text), e);
      }
      throw new IllegalArgumentException(wrong(text));
    }

    private static String wrong(String text) {
      return "\"" + text + "\" is not a status or a range of them, such as 200-299";
    }

    boolean holds(int status) {
      return status >= from && status <= to;
    }

    @Override
    public String toString() {
      return from == to ? String.valueOf(from) : from + "-" + to;
    }
  }
}
