package io.hostmesh.agent.workloadapi;

import com.google.protobuf.Message;
import io.hostmesh.model.ServiceName;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServerResponse;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An open stream: says what holds at once, and again whenever it is another. Ends where the caller
 * is not the service any more, and where the caller does not read: what was not taken when the next
 * answer comes is not kept. On the API's event loop.
 */
final class Subscription<R extends Message> {
  /** A first certificate takes moments; whoever waits for longer hears why, and asks again. */
  private static final long PATIENCE_MS = 5_000;

  /** Who is at the other end now. */
  @FunctionalInterface
  interface Caller {
    ServiceName service() throws Denied;
  }

  private final Vertx vertx;
  private final GrpcServerResponse<?, R> response;
  private final Caller caller;
  private final Function<ServiceName, Answer<R>> answers;
  private final ServiceName service;
  private @Nullable R last;
  private long patience = -1;
  private boolean ended;

  /**
   * @throws Denied where the caller has no identity
   */
  Subscription(
      Vertx vertx,
      GrpcServerRequest<?, R> call,
      Caller caller,
      Function<ServiceName, Answer<R>> answers)
      throws Denied {
    this.vertx = vertx;
    this.response = call.response();
    this.caller = caller;
    this.answers = answers;
    this.service = caller.service();
  }

  boolean isEnded() {
    return ended;
  }

  /**
   * Says what there is to say.
   *
   * @param attest whether the caller is looked at even if there is nothing new for it
   */
  void refresh(boolean attest) {
    if (ended) {
      return;
    }
    Answer<R> answer = answers.apply(service);
    boolean isNew = !(answer instanceof Answer.Ready<R>(R message) && message.equals(last));
    if ((isNew || attest) && last != null && !isStillTheSame()) {
      return;
    }
    switch (answer) {
      case Answer.Ready<R>(R message) when isNew -> say(message);
      case Answer.Ready<R> _ -> {}
      case Answer.Waiting<R>(String why) -> await(why);
    }
  }

  private boolean isStillTheSame() {
    try {
      ServiceName now = caller.service();
      if (now.equals(service)) {
        return true;
      }
      fail(GrpcStatus.PERMISSION_DENIED, "this process is " + now + " now, not " + service);
    } catch (Denied e) {
      fail(GrpcStatus.PERMISSION_DENIED, String.valueOf(e.getMessage()));
    }
    return false;
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

  private void await(String why) {
    if (last != null) {
      fail(GrpcStatus.UNAVAILABLE, why);
    } else if (patience < 0) {
      patience =
          vertx.setTimer(
              PATIENCE_MS,
              _ -> {
                refresh(false);
                if (!ended
                    && last == null
                    && answers.apply(service) instanceof Answer.Waiting<R>(String still)) {
                  fail(GrpcStatus.UNAVAILABLE, still);
                }
              });
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
