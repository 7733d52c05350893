package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request from its head to the end of its answer: decides where it goes, then moves bytes, each
 * side only as fast as the other one takes them. Used by one event loop only.
 */
@SuppressWarnings("ReferenceEquality") // A stream is itself; none equals another.
public abstract class HttpExchange implements HttpStream.Observer {
  protected final HttpCaller caller;
  protected final HttpRequest head;
  private final ArrayDeque<HttpContent> waiting = new ArrayDeque<>(2);
  private final long startNanos = System.nanoTime();
  private @Nullable HttpStream stream;
  private @Nullable Failure failure;
  private boolean starting;
  private boolean requestEnded;
  private boolean bodySent;
  private boolean responseStarted;
  private boolean responseEnded;
  private boolean tunnel;
  private boolean finished;
  private int status;
  private long requestBytes;
  private long responseBytes;

  protected HttpExchange(HttpCaller caller, HttpRequest head) {
    this.caller = caller;
    this.head = head;
  }

  /** Begins; {@link #requestBatchEnd} is to follow when what has come of the request is in. */
  public final void start() {
    starting = true;
    admit();
    starting = false;
  }

  /** Decides; ends in {@link #refuse} or in a stream that is opened with this as its observer. */
  protected abstract void admit();

  /**
   * Tries again elsewhere, where nothing of the request has reached an application.
   *
   * @return whether another try is under way
   */
  protected abstract boolean again(Failure why);

  /** Whether the request may be sent again though some of it may have reached an application. */
  protected boolean repeatable(Failure why) {
    return false;
  }

  /** A part of the request's body has come. It is not for the one who is told to keep. */
  protected void arrived(HttpContent part) {}

  /** Shows the parts of the request that wait for a stream. */
  protected final void eachWaiting(Consumer<HttpContent> shown) {
    waiting.forEach(shown);
  }

  /** Changes the final answer's head before the caller gets it. */
  protected abstract void answering(HttpResponse response);

  /** The answer's trailers, before the caller gets them. */
  protected void trailers(HttpHeaders trailers) {}

  /** The stream broke off, and there is no other try. */
  protected void lost(Failure why) {}

  /** The exchange is over. Called once. */
  protected abstract void ended(Outcome outcome);

  // From the caller.

  /** A part of the request's body, taken over. */
  public final void content(HttpContent part) {
    if (finished) {
      part.release();
      return;
    }
    requestBytes += part.content().readableBytes();
    if (part instanceof LastHttpContent last) {
      requestEnded = true;
      TrailerFields.ofRequest(last.trailingHeaders());
    }
    arrived(part);
    if (stream == null) {
      waiting.add(part);
    } else {
      send(stream, part);
    }
  }

  private void send(HttpStream to, HttpContent part) {
    bodySent |= part.content().isReadable() || !(part instanceof LastHttpContent);
    to.write(part);
    finishTunnel();
  }

  /** No more parts of the request for the moment. */
  public final void requestBatchEnd() {
    if (stream != null && !finished) {
      stream.flush();
      streamWritable();
    }
  }

  /** The caller takes more of the answer. */
  public final void callerWritable() {
    if (stream != null && !finished && !responseEnded) {
      stream.read();
    }
  }

  /** Whether more of the request can be taken. */
  public final boolean wantsRequest() {
    return stream != null && !finished && stream.writable();
  }

  /** Whether nothing more of the request is wanted, nor of the answer to come. */
  public final boolean isOver() {
    return finished;
  }

  /** The caller is gone. */
  public final void callerClosed() {
    if (!finished) {
      failure = new Failure(Failure.Kind.CALLER_GONE, "the caller closed before the answer's end");
      status = responseStarted ? status : Failure.Kind.CALLER_GONE.status();
      if (stream != null) {
        stream.cancel();
      }
      finish();
    }
  }

  /**
   * The rest of the request cannot be read: the service never gets an end of it, and the caller an
   * answer that says so, where none has begun.
   */
  public final void malformed(Failure why) {
    if (finished) {
      return;
    }
    if (stream != null) {
      stream.cancel();
      stream = null;
    }
    if (responseStarted) {
      failure = why;
      caller.abort();
      finish();
    } else {
      refuse(why);
    }
  }

  /** Ends it in the middle, since it may not go on. */
  public final void revoke(Failure why) {
    malformed(why);
  }

  /** Nanoseconds since its head was here. */
  protected final long ageNanos() {
    return System.nanoTime() - startNanos;
  }

  /**
   * Whether the mesh holds it back on purpose, before anybody has got it: a caller that ends its
   * side meanwhile has given up.
   */
  public boolean isHeldBack() {
    return false;
  }

  /** Whether it has become a tunnel, which may last. */
  protected final boolean isTunnel() {
    return tunnel;
  }

  // From the stream.

  @Override
  public final void opened(HttpStream opened) {
    if (finished) {
      opened.cancel();
      return;
    }
    stream = opened;
    opened.write(head);
    HttpContent part = waiting.poll();
    while (part != null && !finished && stream == opened) {
      send(opened, part);
      part = waiting.poll();
    }
    if (part != null) {
      part.release();
    }
    if (!finished && stream == opened) {
      if (!starting) { // Otherwise the batch's end flushes, and the end goes with the head.
        opened.flush();
        streamWritable();
      }
      opened.read();
    }
  }

  @Override
  public final void streamWritable() {
    if (!finished && !requestEnded && stream != null && stream.writable()) {
      caller.read();
    }
  }

  @Override
  public final boolean accepting() {
    return !finished && caller.writable();
  }

  @Override
  public final void response(HttpObject part) {
    if (finished) {
      ReferenceCountUtil.release(part);
      return;
    }
    if (part instanceof HttpResponse response && !begin(response)) {
      ReferenceCountUtil.release(part);
      return;
    }
    if (part instanceof HttpContent content) {
      responseBytes += content.content().readableBytes();
    }
    boolean last = part instanceof LastHttpContent && responseStarted;
    if (part instanceof LastHttpContent end) {
      trailers(end.trailingHeaders());
      TrailerFields.ofAnswer(end.trailingHeaders());
    }
    if (last) {
      responseEnded = true;
    }
    if (last && !tunnel) {
      endResponse(); // Whoever has the answer may send more, which finds this one's place free.
    }
    caller.write(part);
    if (last && tunnel) {
      endResponse();
    }
  }

  /** Takes an answer's head; false where it is not for the caller. */
  private boolean begin(HttpResponse response) {
    if (Informational.is(response)) {
      phrase(response);
      return true;
    }
    Optional<Failure> reported = ReportedFailure.take(response.headers());
    if (reported.isPresent()) {
      failure = reported.get();
      if (reported.get().kind() == Failure.Kind.CONNECT_FAILED && retry(reported.get())) {
        return false;
      }
    }
    responseStarted = true;
    status = response.status().code();
    tunnel = Tunnels.opens(head.method(), response);
    phrase(response);
    answering(response);
    return true;
  }

  private void phrase(HttpResponse response) {
    if (reportsFailures()) {
      ReasonPhrase.tell(response);
    } else {
      ReasonPhrase.take(response);
    }
  }

  private void endResponse() {
    if (tunnel) {
      finishTunnel();
      return;
    }
    if (!requestEnded && stream != null) {
      stream.cancel(); // Answered before all of the request was wanted.
    }
    finish();
  }

  private void finishTunnel() {
    if (tunnel && requestEnded && responseEnded) {
      finish();
    }
  }

  @Override
  public final void responseBatchEnd() {
    caller.flush();
    if (!finished && stream != null && !responseEnded && caller.writable()) {
      stream.read();
    }
  }

  @Override
  public final void failed(Failure why, boolean unsent) {
    if (finished) {
      return;
    }
    if (responseStarted) {
      stream = null;
      lost(why);
      failure = why;
      caller.abort();
      finish();
    } else if (!(unsent || repeatable(why)) || !retry(why)) {
      stream = null;
      lost(why);
      refuse(why);
    }
  }

  private boolean retry(Failure why) {
    if (bodySent) {
      return false; // What was sent is not kept.
    }
    HttpStream before = stream;
    stream = null;
    boolean repeatEnd = requestEnded && waiting.isEmpty();
    if (repeatEnd) {
      waiting.add(LastHttpContent.EMPTY_LAST_CONTENT);
    }
    if (again(why)) {
      if (before != null) {
        before.cancel();
      }
      return true;
    }
    if (repeatEnd) {
      waiting.clear();
    }
    stream = before; // Whose answer is the best there is.
    return false;
  }

  /** Says why the answer is not what the caller wanted, where nothing else does. */
  protected final void note(Failure why) {
    if (failure == null) {
      failure = why;
    }
  }

  /** Answers in place of the service. */
  protected final void refuse(Failure why) {
    if (!finished) {
      answer(why, DirectAnswer.of(why, head.headers()));
    }
  }

  /** Answers in place of the service, in somebody's own words, which gRPC callers do not get. */
  protected final void refuse(Failure why, FullHttpResponse words) {
    if (finished || DirectAnswer.isGrpc(head.headers())) {
      words.release();
      refuse(why);
    } else {
      answer(why, words);
    }
  }

  /** Answers in place of the service, in just these words. */
  protected final void refuseAs(Failure why, FullHttpResponse words) {
    if (finished) {
      words.release();
    } else {
      answer(why, words);
    }
  }

  /** Answers in place of the service, as a rule says: no failure. */
  protected final void respond(FullHttpResponse answer) {
    if (finished) {
      answer.release();
    } else {
      answer(null, answer);
    }
  }

  private void answer(@Nullable Failure why, HttpResponse answer) {
    failure = why;
    status = answer.status().code();
    responseStarted = true;
    responseEnded = true;
    answering(answer);
    if (why != null && reportsFailures()) {
      ReportedFailure.put(answer.headers(), why);
    }
    caller.write(answer);
    caller.flush();
    finish();
  }

  /** Whether the caller is an agent, which wants to know failures by their names. */
  protected boolean reportsFailures() {
    return false;
  }

  private void finish() {
    finished = true;
    waiting.forEach(HttpContent::release);
    waiting.clear();
    ended(
        new Outcome(status, Optional.ofNullable(failure), requestBytes, responseBytes, ageNanos()));
  }
}
