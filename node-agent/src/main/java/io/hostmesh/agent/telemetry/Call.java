package io.hostmesh.agent.telemetry;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.util.Optional;

/**
 * Who called whom, as one side of the call saw it: what the labels of a metric are made of.
 *
 * @param source the caller, a service or of another trust domain; empty where it has no identity
 * @param protocol {@link #HTTP}, {@link #HTTP2}, {@link #GRPC} or {@link #TCP}
 * @param secured whether the connection between the hosts was mutual TLS (or never left the host)
 */
public record Call(
    Reporter reporter,
    Optional<? extends SpiffeId> source,
    SpiffeId.Service destination,
    String protocol,
    boolean secured) {
  /** HTTP/1.1, and HTTP/1.0. */
  public static final String HTTP = "http";

  public static final String HTTP2 = "http2";
  public static final String GRPC = "grpc";

  /** What is not HTTP. */
  public static final String TCP = "tcp";

  /** Which side of the call this is. */
  public enum Reporter {
    SOURCE("source"),
    DESTINATION("destination");

    private final String text;

    Reporter(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /** The same, taken for another protocol. */
  Call as(String other) {
    return new Call(reporter, source, destination, other, secured);
  }

  /** Whether the caller is of another trust domain, which may make up ids without end. */
  boolean isForeign() {
    return source.isPresent() && source.get() instanceof SpiffeId.Foreign;
  }

  public ServiceName service() {
    return destination.name();
  }
}
