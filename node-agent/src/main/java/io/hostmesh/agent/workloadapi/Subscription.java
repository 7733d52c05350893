package io.hostmesh.agent.workloadapi;

import com.google.protobuf.Message;
import io.hostmesh.model.ServiceName;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open stream: says what holds at once, and again whenever it is another. Ends where the caller
 * is not the service any more, and where the caller does not read: what was not taken when the next
 * answer comes is not kept. On the API's event loop.
 */
final class Subscription<R extends Message> {
  /** A first certificate takes moments; whoever waits for longer hears why, and asks again. */
  private static final long PATIENCE_MS = 5_000;

  private final Vertx vertx;
  private final GrpcServerResponse<?, R> response;
  private final Supplier<Future<ServiceName>> caller;
  private final Function<ServiceName, Answer<R>> answers;
  private @Nullable ServiceName service;
  private @Nullable R last;
  private long patience = -1;
  private boolean ended;

  /**
   * @param caller who is at the other end now, on the API's event loop; fails with {@link Denied}
   */
  Subscription(
      Vertx vertx,
      GrpcServerRequest<?, R> call,
      Supplier<Future<ServiceName>> caller,
      Function<ServiceName, Answer<R>> answers) {
    this.vertx = vertx;
    this.response = call.response();
    this.caller = caller;
    this.answers = answers;
  }

  boolean isEnded() {
    return ended;
  }

  /** Says what holds, as soon as it is known who asks. */
  void begin() {
    attest();
  }

  /**
   * Says what there is to say.
   *
   * @param attest whether the caller is looked at even if there is nothing new for it
   */
  void refresh(boolean attest) {
    ServiceName known = service;
    if (!ended && (attest || (known != null && !isSaid(answers.apply(known))))) {
      attest();
    }
  }

  private void attest() {
    caller.get().onSuccess(this::attested).onFailure(this::denied);
  }

  private boolean isSaid(Answer<R> answer) {
    return answer instanceof Answer.Ready<R>(R message) && message.equals(last);
  }

  private void attested(ServiceName now) {
    if (ended) {
      return;
    }
    ServiceName before = service;
    if (before != null && !now.equals(before)) {
      fail(GrpcStatus.PERMISSION_DENIED, "this process is " + now + " now, not " + before);
      return;
    }
    service = now;
    say(answers.apply(now)); // What holds by now: to attest may have taken its time.
  }

  private void denied(Throwable failure) {
    if (!ended) {
      fail(
          failure instanceof Denied ? GrpcStatus.PERMISSION_DENIED : GrpcStatus.INTERNAL,
          String.valueOf(failure.getMessage()));
    }
  }

  private void say(Answer<R> answer) {
    if (isSaid(answer)) {
      return;
    }
    switch (answer) {
      case Answer.Ready<R>(R message) -> say(message);
      case Answer.Waiting<R>(String why) when last != null -> fail(GrpcStatus.UNAVAILABLE, why);
      case Answer.Waiting<R> _ -> await();
    }
  }

  private void say(R message) {
    endPatience();
    if (response.writeQueueFull()) {
      ended();
      response.cancel();
      return;
    }
    last = message;
    response.write(message);
  }

  private void await() {
    if (patience < 0) {
      patience = vertx.setTimer(PATIENCE_MS, _ -> endOfPatience());
    }
  }

  private void endOfPatience() {
    ServiceName known = service;
    if (known != null && answers.apply(known) instanceof Answer.Waiting<R>(String why)) {
      fail(GrpcStatus.UNAVAILABLE, why);
    }
  }

  private void fail(GrpcStatus status, String why) {
    ended();
    response.status(status).statusMessage(why).end();
  }

  /** The caller has gone. */
  void ended() {
    ended = true;
    endPatience();
  }

  private void endPatience() {
    if (patience >= 0) {
      vertx.cancelTimer(patience);
      patience = -1;
    }
  }
}
