package io.hostmesh.agent.telemetry;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import java.util.Optional;

/**
 * Who called whom, as one side of the call saw it: what the labels of a metric are made of.
 *
 * @param source the caller; empty where it has no identity
 * @param protocol {@code http}, {@code grpc} or {@link #TCP}
 * @param secured whether the connection between the hosts was mutual TLS (or never left the host)
 */
public record Call(
    Reporter reporter,
    Optional<SpiffeId.Service> source,
    SpiffeId.Service destination,
    String protocol,
    boolean secured) {
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

  public ServiceName service() {
    return destination.name();
  }
}
