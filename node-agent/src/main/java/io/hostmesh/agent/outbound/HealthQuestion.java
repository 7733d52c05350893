package io.hostmesh.agent.outbound;

import com.google.protobuf.StringValue;
import io.hostmesh.agent.protocol.FlatHeaders;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.rules.ActiveCheck;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One question of an active check over HTTP, to one instance. Used by its event loop only. */
final class HealthQuestion implements HttpStream.Observer {
  /** Gets the answer, once. */
  interface Asker {
    void good();

    void bad(String why);

    /** The question was not let through to the application: that says nothing of its health. */
    void refused(String why);
  }

  private static final int PREFIX = 5;
  private static final int MAX_ANSWER = 1024;

  /** {@code HealthCheckResponse { status: SERVING }}. */
  private static final byte[] SERVING = {8, 1};

  private final Question question;
  private final String host;
  private final Asker asker;
  private final ScheduledFuture<?> deadline;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private @Nullable HttpStream stream;
  private @Nullable String grpcStatus;
  private boolean over;

  /**
   * Begins to count the time; to be opened as a stream's observer.
   *
   * @param host that the application is told
   */
  HealthQuestion(ActiveCheck check, String host, EventLoop loop, Asker asker) {
    this.question = check.question();
    this.host = host;
    this.asker = asker;
    this.deadline =
        loop.schedule(
            () -> bad("no answer within " + check.timeout().toMillis() + " ms"),
            check.timeout().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void opened(HttpStream opened) {
    if (over) {
      opened.cancel();
      return;
    }
    stream = opened;
    switch (question) {
      case Question.Http(String path, var _) ->
          send(opened, head(HttpMethod.GET, path), new byte[0]);
      case Question.Tcp() -> send(opened, head(HttpMethod.HEAD, "/"), new byte[0]);
      case Question.Grpc(String service) -> {
        byte[] bytes = framed(message(service));
        HttpRequest head = head(HttpMethod.POST, "/grpc.health.v1.Health/Check");
        head.headers()
            .set("content-type", "application/grpc")
            .set("te", "trailers")
            .set("content-length", bytes.length);
        send(opened, head, bytes);
      }
    }
  }

  /** {@code HealthCheckRequest { string service = 1 }}: on the wire the same as this well-known. */
  static byte[] message(String service) {
    return StringValue.of(service).toByteArray();
  }

  /** As gRPC frames a message that is not compressed. */
  private static byte[] framed(byte[] message) {
    return ByteBuffer.allocate(PREFIX + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private HttpRequest head(HttpMethod method, String path) {
    HttpRequest head =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, path, new FlatHeaders());
    head.headers().set("host", host).set("user-agent", "hostmesh-agent");
    return head;
  }

  private static void send(HttpStream to, HttpRequest head, byte[] body) {
    to.write(head);
    to.write(new DefaultLastHttpContent(Unpooled.wrappedBuffer(body)));
    to.flush();
    to.read();
  }

  @Override
  public void response(HttpObject part) {
    try {
      if (part instanceof HttpResponse head && !Informational.is(head)) {
        head(head);
      }
      if (!over && part instanceof HttpContent content) {
        take(content.content());
      }
      if (!over
          && part instanceof LastHttpContent last
          && !(part instanceof HttpResponse head && Informational.is(head))) {
        String trailing = last.trailingHeaders().get("grpc-status");
        grpc(trailing == null ? grpcStatus : trailing);
      }
    } finally {
      ReferenceCountUtil.release(part);
    }
  }

  private void head(HttpResponse head) {
    Failure reported = ReportedFailure.read(head.headers()).orElse(null);
    if (reported != null) {
      failed(reported);
    } else {
      int status = head.status().code();
      switch (question) {
        case Question.Http http -> {
          if (http.isGood(status)) {
            good();
          } else {
            bad("status " + status);
          }
        }
        case Question.Tcp() -> good(); // Whatever it answers, it was there.
        case Question.Grpc _ -> {
          grpcStatus = head.headers().get("grpc-status");
          if (status != 200) {
            bad("status " + status);
          }
        }
      }
    }
  }

  private void take(ByteBuf content) {
    byte[] bytes = new byte[Math.min(content.readableBytes(), MAX_ANSWER - message.size())];
    content.readBytes(bytes);
    message.writeBytes(bytes);
  }

  private void grpc(@Nullable String status) {
    byte[] answer = message.toByteArray();
    if (!"0".equals(status)) {
      bad("gRPC status " + status);
    } else if (answer.length >= PREFIX
        && Arrays.equals(Arrays.copyOfRange(answer, PREFIX, answer.length), SERVING)) {
      good();
    } else {
      bad("it does not say SERVING");
    }
  }

  @Override
  public void responseBatchEnd() {
    if (stream != null) {
      stream.read();
    }
  }

  @Override
  public void streamWritable() {}

  @Override
  public boolean accepting() {
    return !over;
  }

  @Override
  public void failed(Failure failure, boolean unsent) {
    stream = null;
    failed(failure);
  }

  private void failed(Failure failure) {
    if (isOfTheInstance(failure)) {
      bad(failure.sentence());
    } else {
      refused(failure.sentence());
    }
  }

  /** Whether it is the instance that failed; otherwise the question never came to it. */
  static boolean isOfTheInstance(Failure failure) {
    return switch (failure.kind()) {
      case CONNECT_FAILED, UPSTREAM_CLOSED, UPSTREAM_RESET, UPSTREAM_PROTOCOL, TIMEOUT -> true;
      default -> false;
    };
  }

  private boolean end() {
    if (over) {
      return false;
    }
    over = true;
    deadline.cancel(false);
    HttpStream open = stream;
    stream = null;
    if (open != null) {
      open.cancel();
    }
    return true;
  }

  private void good() {
    if (end()) {
      asker.good();
    }
  }

  private void bad(String why) {
    if (end()) {
      asker.bad(why);
    }
  }

  private void refused(String why) {
    if (end()) {
      asker.refused(why);
    }
  }
}
