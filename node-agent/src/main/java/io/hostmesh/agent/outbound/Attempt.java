package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.GrpcStatus;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.tries.Ending;
import io.hostmesh.model.rules.RetryPolicy;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One try of a request at one instance. Until its answer is chosen the caller sees nothing of it.
 * Used by its event loop only.
 */
final class Attempt implements HttpStream.Observer {
  /**
   * An answer that nobody wants is read to its end, which spares the connection, if it is short.
   */
  private static final int MAX_UNWANTED = 64 * 1024;

  private static final long UNWANTED_MILLIS = 1000;
  private static final String GRPC_STATUS = "grpc-status";

  /**
   * What is read of answers.
   *
   * @param grpc whether the request is a gRPC call
   */
  record Reading(RetryPolicy policy, boolean grpc) {
    private Ending.Answered head(HttpResponse head) {
      HttpHeaders headers = head.headers();
      boolean marked = false;
      for (String name : policy.headers()) {
        marked |= headers.contains(name);
      }
      return new Ending.Answered(
          head.status().code(),
          grpc ? code(headers) : Ending.NO_GRPC,
          marked,
          ReportedFailure.read(headers).map(Failure::kind).orElse(null),
          retryAfter(head));
    }

    /**
     * In seconds; a date, which depends on the clock of another host, is not read. Only of a 429,
     * which is the service's word: a 503 is its instance's, and there may be others.
     */
    private static long retryAfter(HttpResponse head) {
      return head.status().code() == 429
          ? TimeUnit.SECONDS.toNanos(
              Math.max(0, head.headers().getInt(HttpHeaderNames.RETRY_AFTER, 0)))
          : 0;
    }

    private static int code(HttpHeaders headers) {
      return headers.getInt(GRPC_STATUS, Ending.NO_GRPC);
    }

    /** Whether the head does not say yet how a call ended, and the policy asks for that. */
    private boolean isOpen(HttpResponse head) {
      return grpc
          && !policy.on().grpcCodes().isEmpty()
          && head.status().code() == 200
          && !(head instanceof LastHttpContent)
          && !head.headers().contains(GRPC_STATUS);
    }
  }

  private final TriedStream tried;
  private final Members.Candidate at;
  private final int number;
  private final boolean hedge;
  private final HttpRequest head;
  private final long startNanos = System.nanoTime();
  private final @Nullable ScheduledFuture<?> deadline;
  private @Nullable ScheduledFuture<?> unwanted;
  private @Nullable HttpStream stream;
  private @Nullable HttpResponse held;
  private long nanos;
  private int unwantedBytes;
  private boolean requestEnded;
  private boolean answerBegun;
  private boolean answerEnded;
  private boolean broken;
  private boolean lost;
  private boolean dropped;
  private boolean counted;

  /**
   * @param number from 1
   * @param hedge whether it goes beside another one
   */
  Attempt(TriedStream tried, Members.Candidate at, int number, boolean hedge, HttpRequest head) {
    this.tried = tried;
    this.at = at;
    this.number = number;
    this.hedge = hedge;
    this.head = head;
    this.deadline =
        tried.state().policy().perTryTimeout().isPresent()
            ? tried
                .loop()
                .schedule(
                    this::late,
                    tried.state().policy().perTryTimeout().get().toNanos(),
                    TimeUnit.NANOSECONDS)
            : null;
  }

  Members.Candidate at() {
    return at;
  }

  /** Nanoseconds until its answer began; 0 where it did not. */
  long nanos() {
    return nanos;
  }

  /** Whether its instance is told to have failed it. */
  boolean isLost() {
    return lost;
  }

  // The request.

  boolean isOpen() {
    return stream != null && !answerEnded && !broken;
  }

  void write(HttpContent part) {
    HttpStream open = stream;
    if (open == null || answerEnded || broken) {
      part.release();
      return;
    }
    requestEnded |= part instanceof LastHttpContent;
    open.write(part);
  }

  void flush() {
    if (stream != null && isOpen()) {
      stream.flush();
    }
  }

  boolean writable() {
    return stream != null && isOpen() && stream.writable();
  }

  void read() {
    if (stream != null && isOpen()) {
      stream.read();
    }
  }

  @Override
  public void opened(HttpStream opened) {
    if (dropped) {
      opened.cancel();
      return;
    }
    stream = opened;
    opened.write(head);
    tried.opened(this);
  }

  @Override
  public void streamWritable() {
    if (!dropped) {
      tried.to().streamWritable();
    }
  }

  // The answer.

  @Override
  public boolean accepting() {
    return !tried.isChosen(this) || tried.to().accepting();
  }

  @Override
  public void response(HttpObject part) {
    answerEnded |=
        part instanceof LastHttpContent
            && !(part instanceof HttpResponse informational && Informational.is(informational));
    if (dropped) {
      discard(part);
    } else if (tried.isChosen(this)) {
      tried.to().response(part);
    } else if (part instanceof HttpResponse response) {
      head(response);
    } else {
      behindHead(part);
    }
  }

  private void head(HttpResponse response) {
    if (Informational.is(response)) {
      if (tried.passes(response.status().code())) {
        tried.to().response(response);
      } else {
        ReferenceCountUtil.release(response);
      }
    } else if (tried.reading().isOpen(response)) {
      held = response;
      nanos = System.nanoTime() - startNanos;
    } else {
      judge(response, tried.reading().head(response));
    }
  }

  private boolean judge(HttpResponse response, Ending.Answered ending) {
    answerBegun = true;
    stopDeadline();
    nanos = nanos == 0 ? System.nanoTime() - startNanos : nanos;
    tried.road().reached(at);
    if (tried.judge(this, ending, null)) {
      tried.to().response(response);
      return true;
    }
    tried
        .road()
        .answered(at, ending.grpcCode() > 0 ? GrpcStatus.http(ending.grpcCode()) : ending.status());
    ReferenceCountUtil.release(response);
    return false;
  }

  private void behindHead(HttpObject part) {
    HttpResponse first = held;
    boolean last = part instanceof LastHttpContent;
    if (first == null
        || (!last && part instanceof HttpContent nothing && !nothing.content().isReadable())) {
      ReferenceCountUtil.release(part);
      return;
    }
    held = null;
    Ending.Answered ending = tried.reading().head(first);
    if (part instanceof LastHttpContent end && !end.content().isReadable()) {
      ending =
          new Ending.Answered(
              ending.status(),
              Reading.code(end.trailingHeaders()),
              ending.marked(),
              ending.reported(),
              ending.retryAfterNanos());
    }
    if (judge(first, ending)) {
      tried.to().response(part);
    } else {
      ReferenceCountUtil.release(part);
    }
  }

  @Override
  public void responseBatchEnd() {
    HttpResponse first = held;
    if (first != null && requestEnded) {
      stopDeadline(); // Its answer has begun: how it goes on says its first message, or its end.
    } else if (first != null) {
      held = null; // A caller that has more to say may wait for the head first.
      judge(first, tried.reading().head(first));
    }
    if (dropped) {
      if (stream != null && isOpen()) {
        stream.read();
      }
    } else {
      tried.to().responseBatchEnd();
    }
  }

  @Override
  public void failed(Failure why, boolean unsent) {
    broken = true;
    if (dropped) {
      stop(unwanted);
      return;
    }
    forgetHeld();
    lost(why);
    if (tried.isChosen(this)) {
      count();
      tried.to().failed(why, false);
    } else {
      tried.judge(this, new Ending.Failed(why.kind(), unsent), why);
    }
  }

  private void late() {
    if (dropped || tried.isChosen(this)) {
      return;
    }
    Failure why =
        new Failure(
            Failure.Kind.TIMEOUT,
            at.endpoint().service()
                + " instance "
                + at.endpoint().instance()
                + " did not answer within the per-try-timeout");
    forgetHeld();
    lost(why);
    nanos = System.nanoTime() - startNanos; // No answer was faster than that.
    tried.judge(this, new Ending.Failed(Failure.Kind.TIMEOUT, stream == null), why);
  }

  /** Its instance has failed it, or has not answered in time. */
  void lost(Failure why) {
    lost = true;
    tried.road().broke(at, why);
  }

  /**
   * Another try's answer is the caller's.
   *
   * @param winner nanoseconds until that answer began
   */
  void overtaken(long winner) {
    long waited = System.nanoTime() - startNanos;
    if (nanos == 0 && waited > winner) {
      nanos = waited; // Without them the slow ones would never be known to be slow.
    }
    discard();
  }

  private void forgetHeld() {
    ReferenceCountUtil.release(held);
    held = null;
  }

  // The end.

  /** Nobody wants its answer. */
  void discard() {
    if (dropped) {
      return;
    }
    dropped = true;
    forgetHeld();
    count();
    if (stream == null || broken) {
      return;
    }
    if (answerEnded && requestEnded) {
      return; // Its connection may have the next request already.
    }
    if (answerBegun && requestEnded) {
      unwanted = tried.loop().schedule(this::cancel, UNWANTED_MILLIS, TimeUnit.MILLISECONDS);
      stream.read();
    } else {
      cancel();
    }
  }

  private void discard(HttpObject part) {
    if (part instanceof HttpContent content) {
      unwantedBytes += content.content().readableBytes();
    }
    ReferenceCountUtil.release(part);
    if (answerEnded) {
      stop(unwanted);
    } else if (unwantedBytes > MAX_UNWANTED) {
      cancel();
    }
  }

  private void cancel() {
    stop(unwanted);
    if (stream != null && !broken && !(answerEnded && requestEnded)) {
      broken = true;
      stream.cancel();
    }
  }

  /** The exchange is over, and with it the try that was chosen. */
  void close() {
    count();
    if (!dropped) {
      dropped = true;
      cancel();
    }
  }

  private void stopDeadline() {
    stop(deadline);
  }

  private static void stop(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  private void count() {
    if (counted) {
      return;
    }
    counted = true;
    stopDeadline();
    tried.road().over(at, nanos);
    if (number > 1) {
      tried.state().ended();
    }
    if (hedge) {
      tried.road().hedged(tried.isChosen(this));
    }
  }
}
