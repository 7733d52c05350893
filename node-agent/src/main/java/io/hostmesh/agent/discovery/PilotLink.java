package io.hostmesh.agent.discovery;

import io.hostmesh.api.Methods;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.StatusReply;
import io.hostmesh.api.v1.StatusReport;
import io.hostmesh.runtime.backoff.Backoff;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one discovery stream to one of several pilots: the next pilot after a failure, at once
 * after a stream that had worked, with growing jittered pauses otherwise. All on one context.
 */
final class PilotLink {
  private static final Backoff PAUSES = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(3));
  private static final Duration REPORT_LIMIT = Duration.ofSeconds(4);

  /** What happens to the link; called on its context. */
  interface Events {
    void opened(WriteStream<DeltaDiscoveryRequest> requests, String pilot);

    void response(DeltaDiscoveryResponse response);

    /**
     * @param lasting true where the attempt failed, false where a working stream ended and the next
     *     pilot is tried at once
     */
    void lost(String reason, boolean lasting);
  }

  private final Vertx vertx;
  private final Context context;
  private final GrpcClient grpc;
  private final List<SocketAddress> pilots;
  private final RandomGenerator random;
  private final Events events;
  private int next;
  private int failures;
  private boolean closed;

  /** Set while a stream is being opened or open; a later stream makes late news of it moot. */
  private @Nullable Attempt current;

  private static final class Attempt {
    final SocketAddress pilot;
    @Nullable GrpcClientRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> request;
    boolean worked;

    Attempt(SocketAddress pilot) {
      this.pilot = pilot;
    }
  }

  /**
   * @param pilots at least one; a random one is the first
   */
  PilotLink(
      Vertx vertx,
      Context context,
      GrpcClient grpc,
      List<SocketAddress> pilots,
      RandomGenerator random,
      Events events) {
    this.vertx = vertx;
    this.context = context;
    this.grpc = grpc;
    this.pilots = List.copyOf(pilots);
    this.random = random;
    this.events = events;
    this.next = random.nextInt(pilots.size());
  }

  void connect() {
    if (closed) {
      return;
    }
    Attempt attempt = new Attempt(pilots.get(next));
    current = attempt;
    grpc.request(attempt.pilot, Methods.DELTA.client())
        .onComplete(
            done ->
                context.runOnContext(
                    _ -> {
                      if (done.succeeded()) {
                        open(attempt, done.result());
                      } else {
                        end(attempt, reason(done.cause()));
                      }
                    }));
  }

  private void open(
      Attempt attempt, GrpcClientRequest<DeltaDiscoveryRequest, DeltaDiscoveryResponse> request) {
    if (closed || current != attempt) {
      request.cancel();
      return;
    }
    attempt.request = request;
    request.exceptionHandler(failure -> end(attempt, reason(failure)));
    request
        .response()
        .onSuccess(response -> receive(attempt, response))
        .onFailure(failure -> end(attempt, reason(failure)));
    events.opened(request, attempt.pilot.toString());
  }

  private void receive(
      Attempt attempt, GrpcClientResponse<DeltaDiscoveryRequest, DeltaDiscoveryResponse> response) {
    response.handler(
        message -> {
          if (current == attempt) {
            attempt.worked = true;
            failures = 0;
            events.response(message);
          }
        });
    response.exceptionHandler(failure -> end(attempt, reason(failure)));
    response.endHandler(
        _ -> {
          String said = response.statusMessage();
          end(
              attempt,
              "pilot ended the stream: " + response.status() + (said == null ? "" : ", " + said));
        });
  }

  private void end(Attempt attempt, String reason) {
    if (current != attempt) {
      return;
    }
    current = null;
    if (attempt.request != null) {
      // Also where only the stream failed: a fresh connection is cheap, a dead one is not.
      attempt.request.connection().close();
    }
    next = (next + 1) % pilots.size();
    boolean lasting = !attempt.worked;
    events.lost(attempt.pilot + ": " + reason, lasting);
    if (lasting) {
      failures++;
      vertx.setTimer(
          Math.max(1, PAUSES.delay(failures, random).toMillis()), _ -> onContext(this::connect));
    } else {
      connect();
    }
  }

  private void onContext(Runnable action) {
    context.runOnContext(_ -> action.run());
  }

  /**
   * Tells the pilot of the open stream how this agent is doing; nothing where there is none. A
   * pilot that does not answer in time is given up: this is how a silent network is noticed.
   */
  void report(StatusReport report) {
    Attempt attempt = current;
    if (attempt == null || !attempt.worked) {
      return;
    }
    Future<StatusReply> reply =
        grpc.request(attempt.pilot, Methods.REPORT.client())
            .compose(
                request ->
                    request
                        .timeout(REPORT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                        .send(report)
                        .compose(GrpcClientResponse::last));
    reply
        .timeout(REPORT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(
            failure ->
                onContext(() -> end(attempt, "no answer to the report: " + reason(failure))));
  }

  void close() {
    closed = true;
    Attempt attempt = current;
    current = null;
    if (attempt != null && attempt.request != null) {
      attempt.request.cancel();
    }
    grpc.close();
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    return message == null ? cause.toString() : message;
  }
}
