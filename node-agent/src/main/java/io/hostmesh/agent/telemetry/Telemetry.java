package io.hostmesh.agent.telemetry;

import io.hostmesh.agent.authz.Mark;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Where facts about calls go. Any thread. */
public record Telemetry(Metrics metrics, AccessLog accessLog, Clock clock) {

  /**
   * What an access-log line says beside who, whom and how it ended.
   *
   * @param serverName which a TLS connection asked for that is passed on; empty where there is none
   * @param notes of rules that audit, or that are on trial
   * @param tries how often the request was sent, where its route may send it more than once; 0
   *     otherwise
   */
  public record Details(
      String instance,
      String peer,
      String method,
      String target,
      String requestId,
      String rule,
      String serverName,
      List<Mark> notes,
      int tries) {
    public Details {
      notes = List.copyOf(notes);
    }

    /** The same with what rules noted. */
    public Details noting(List<Mark> noted) {
      return noted.isEmpty()
          ? this
          : new Details(instance, peer, method, target, requestId, rule, serverName, noted, tries);
    }

    /** The same of a request that was sent several times. */
    public Details tried(int times) {
      return new Details(instance, peer, method, target, requestId, rule, serverName, notes, times);
    }

    private String noted(Mark.Kind kind) {
      return notes.stream()
          .filter(mark -> mark.kind() == kind)
          .map(Mark::rule)
          .collect(Collectors.joining(" "));
    }

    /** Of a request. */
    public static Details request(
        String instance, String peer, String method, String target, String id, String rule) {
      return new Details(instance, peer, method, target, id, rule, "", List.of(), 0);
    }

    /** Of a connection. */
    public static Details connection(String instance, String peer, String rule, String serverName) {
      return new Details(instance, peer, "", "", "", rule, serverName, List.of(), 0);
    }
  }

  /**
   * An HTTP request ended.
   *
   * @param details asked for only where a line is written
   */
  public void request(RequestMeters meters, Outcome outcome, Supplier<Details> details) {
    meters.ended(outcome);
    ended(meters.call(), outcome, details);
  }

  /** A TCP connection ended. */
  public void connection(ConnectionMeters meters, Outcome outcome, Supplier<Details> details) {
    meters.closed(outcome);
    ended(meters.call(), outcome, details);
  }

  private void ended(Call call, Outcome outcome, Supplier<Details> details) {
    if (outcome.failure().isPresent()) {
      metrics.failed(outcome.failure().get().kind());
    }
    if (accessLog.enabled()) {
      accessLog.write(line(call, outcome, details.get()));
    }
  }

  /** A connection was refused before anyone knew what it was for. */
  public void refused(String port, String peer, Failure failure) {
    metrics.failed(failure.kind());
    if (!accessLog.enabled()) {
      return;
    }
    accessLog.write(
        new JsonLine()
            .add("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString())
            .add("port", port)
            .add("peer", peer)
            .add("flags", failure.kind().flag())
            .add("failure", failure.kind().name())
            .add("reason", failure.sentence())
            .end());
  }

  private String line(Call call, Outcome outcome, Details details) {
    JsonLine line =
        new JsonLine()
            .add("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString())
            .add("reporter", call.reporter().text())
            .add("protocol", call.protocol())
            .add("source", call.source().map(s -> s.uri()).orElse("-"))
            .add("destination", call.destination().uri())
            .add("instance", details.instance())
            .add("peer", details.peer());
    if (!details.method().isEmpty()) {
      line.add("method", details.method())
          .add("path", details.target())
          .add("status", outcome.status())
          .add("request_id", details.requestId());
    }
    if (!details.serverName().isEmpty()) {
      line.add("requested_server_name", details.serverName());
    }
    line.add("flags", outcome.flag())
        .add("request_bytes", outcome.requestBytes())
        .add("response_bytes", outcome.responseBytes())
        .add("duration_us", outcome.nanos() / 1000);
    if (details.tries() > 0) {
      line.add("tries", details.tries());
    }
    if (!details.rule().isEmpty()) {
      line.add("rule", details.rule());
    }
    if (!details.notes().isEmpty()) {
      line.add("audit", details.noted(Mark.Kind.AUDIT))
          .add("dry_run_deny", details.noted(Mark.Kind.DRY_RUN_DENY));
    }
    outcome
        .failure()
        .ifPresent(f -> line.add("failure", f.kind().name()).add("reason", f.sentence()));
    return line.end();
  }
}
