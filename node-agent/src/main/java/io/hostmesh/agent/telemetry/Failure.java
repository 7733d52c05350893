package io.hostmesh.agent.telemetry;

/**
 * Why a call did not do what its caller wanted.
 *
 * @param sentence what happened, to whom, and what to do; one line, for the caller and the log
 */
public record Failure(Kind kind, String sentence) {

  /** The failures there are; name, HTTP status and Envoy's response flag are one thing. */
  public enum Kind {
    /** The caller is no service that this host declares. */
    UNKNOWN_CALLER(403, "UAEX"),
    /** The access rule, or the mesh's default, does not allow it. */
    ACCESS_DENIED(403, "UAEX"),
    /** Who is to be asked whether the request may pass cannot say. */
    AUTHORISER_FAILED(403, "UAEX"),
    /** The end user's token is missing, or is not believed. */
    UNAUTHENTICATED(401, "UAEX"),
    /** No identity came with the connection and the mesh is strict. */
    PLAINTEXT_REFUSED(403, "UAEX"),
    /** Whoever listens on the service's port is not the service. */
    LISTENER_REFUSED(503, "UAEX"),
    /** Where the service's instances are is not known. */
    NO_ROUTE(503, "NR"),
    /** All instances of the service are unhealthy, or it has none. */
    NO_HEALTHY_ENDPOINT(503, "UH"),
    /** No instance could be reached; nothing of the request was sent. */
    CONNECT_FAILED(503, "UF"),
    /** The connection ended before the answer was complete. */
    UPSTREAM_CLOSED(503, "UC"),
    /** The other side cancelled the stream. */
    UPSTREAM_RESET(503, "UR"),
    /** The answer, or a try's, did not come in time. */
    TIMEOUT(504, "UT"),
    /** It was tried as often as the route allows; the last answer is the caller's. */
    RETRIES_EXHAUSTED(503, "URX"),
    /** A rule's fault: the answer is none of the service's. */
    FAULT_ABORTED(503, "FI"),
    /** A rule's fault: the answer came later than it would have. */
    FAULT_DELAYED(503, "DI"),
    /** The answer was not well-formed. */
    UPSTREAM_PROTOCOL(502, "UPE"),
    /** The request was not well-formed. */
    MALFORMED(400, "DPE"),
    /** The head did not come in time. */
    SLOW_HEAD(408, "DPE"),
    TARGET_TOO_LONG(414, "DPE"),
    HEAD_TOO_LARGE(431, "DPE"),
    NOT_IMPLEMENTED(501, "DPE"),
    /** The service has had as many requests as a rule lets it have. */
    RATE_LIMITED(429, "RL"),
    /** A limit of this agent is reached. */
    OVERFLOW(503, "UO"),
    /** The caller went away; nobody sees the status. */
    CALLER_GONE(499, "DC");

    private final int status;
    private final String flag;

    Kind(int status, String flag) {
      this.status = status;
      this.flag = flag;
    }

    public int status() {
      return status;
    }

    /** As Envoy's access log writes it. */
    public String flag() {
      return flag;
    }
  }
}
