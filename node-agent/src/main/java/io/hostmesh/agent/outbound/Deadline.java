package io.hostmesh.agent.outbound;

import io.hostmesh.agent.protocol.DirectAnswer;
import io.hostmesh.agent.tries.GrpcTimeout;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** When a request has to be over. Used by its event loop only. */
final class Deadline {
  private final Duration time;
  private final boolean grpc;
  private final long atNanos;
  private final ScheduledFuture<?> timer;

  private Deadline(Duration time, long passedNanos, boolean grpc, EventLoop loop, Runnable late) {
    long left = Math.max(0, time.toNanos() - passedNanos);
    this.time = time;
    this.grpc = grpc;
    this.atNanos = System.nanoTime() + left;
    this.timer = loop.schedule(late, left, TimeUnit.NANOSECONDS);
  }

  /**
   * Begins to count: by the route's timeout, or by that of a gRPC call where it is shorter.
   *
   * @param passedNanos of it that have passed
   * @param late called where it is not {@link #stop stopped} before
   */
  static Deadline start(
      Duration timeout, long passedNanos, HttpHeaders request, EventLoop loop, Runnable late) {
    boolean grpc = DirectAnswer.isGrpc(request);
    Optional<Duration> asked =
        grpc
            ? Optional.ofNullable(request.get(GrpcTimeout.HEADER)).flatMap(GrpcTimeout::parse)
            : Optional.empty();
    return new Deadline(
        asked.filter(own -> own.compareTo(timeout) < 0).orElse(timeout),
        passedNanos,
        grpc,
        loop,
        late);
  }

  long leftNanos() {
    return Math.max(0, atNanos - System.nanoTime());
  }

  Duration time() {
    return time;
  }

  /** Tells a gRPC service what is left. */
  void tell(HttpHeaders request) {
    if (grpc) {
      request.set(GrpcTimeout.HEADER, GrpcTimeout.format(leftNanos()));
    }
  }

  void stop() {
    timer.cancel(false);
  }
}
