package io.hostmesh.agent.external;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.agent.protocol.FlatHeaders;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.api.v1.CheckRequest;
import io.hostmesh.api.v1.CheckResponse;
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
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One question to an authoriser: a gRPC call with one message each way, on the request's own event
 * loop, which it does not block.
 */
public final class CheckCall implements HttpStream.Observer {
  static final String PATH = "/envoy.service.auth.v3.Authorization/Check";

  /** What an authoriser may say; a body for the caller is in it. */
  private static final int MAX_ANSWER = 64 * 1024;

  private static final int PREFIX = 5;

  /** Gets the outcome, once, unless the call is cancelled before. */
  public interface Asker {
    void answered(CheckResponse answer);

    /**
     * @param why the end of a sentence about the authoriser
     */
    void failed(String why);
  }

  private final CheckRequest question;
  private final Asker asker;
  private final ScheduledFuture<?> deadline;
  private final Duration timeout;
  private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
  private @Nullable HttpStream stream;
  private @Nullable String status;
  private boolean over;

  /** Begins to count the time; the call is to be opened as a stream with this as its observer. */
  public CheckCall(CheckRequest question, Duration timeout, EventLoop loop, Asker asker) {
    this.question = question;
    this.asker = asker;
    this.timeout = timeout;
    this.deadline = loop.schedule(this::late, timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void late() {
    if (!over) {
      end();
      asker.failed("has not answered within " + timeout.toMillis() + " ms");
    }
  }

  /** Nobody waits for the answer any more. */
  public void cancel() {
    if (!over) {
      end();
    }
  }

  private void end() {
    over = true;
    deadline.cancel(false);
    HttpStream open = stream;
    stream = null;
    if (open != null) {
      open.cancel();
    }
  }

  @Override
  public void opened(HttpStream opened) {
    if (over) {
      opened.cancel();
      return;
    }
    stream = opened;
    byte[] message = question.toByteArray();
    HttpRequest head =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, PATH, new FlatHeaders());
    head.headers()
        .set("host", "authoriser")
        .set("content-type", "application/grpc")
        .set("te", "trailers")
        .set("grpc-timeout", timeout.toMillis() + "m")
        .set("content-length", PREFIX + message.length);
    opened.write(head);
    ByteBuf body = Unpooled.buffer(PREFIX + message.length);
    body.writeByte(0).writeInt(message.length).writeBytes(message);
    opened.write(new DefaultLastHttpContent(body));
    opened.flush();
    opened.read();
  }

  @Override
  public void response(HttpObject part) {
    try {
      if (over) {
        return;
      }
      if (part instanceof HttpResponse head) {
        if (head.status().code() != 200) {
          fail("answers with status " + head.status().code());
          return;
        }
        status = head.headers().get("grpc-status");
      }
      if (part instanceof HttpContent content) {
        take(content.content());
      }
      if (!over && part instanceof LastHttpContent last) {
        String trailing = last.trailingHeaders().get("grpc-status");
        complete(trailing == null ? status : trailing);
      }
    } finally {
      ReferenceCountUtil.release(part);
    }
  }

  private void take(ByteBuf bytes) {
    if (answer.size() + bytes.readableBytes() > MAX_ANSWER) {
      fail("answers with more than 64 KiB");
      return;
    }
    byte[] part = new byte[bytes.readableBytes()];
    bytes.readBytes(part);
    answer.writeBytes(part);
  }

  private void complete(@Nullable String grpcStatus) {
    stream = null; // It has ended by itself.
    if (!"0".equals(grpcStatus)) {
      fail("answers with gRPC status " + grpcStatus);
      return;
    }
    byte[] bytes = answer.toByteArray();
    ByteBuf message = Unpooled.wrappedBuffer(bytes);
    if (bytes.length < PREFIX
        || message.readByte() != 0
        || message.readInt() != bytes.length - PREFIX) {
      fail("answers with something else than one gRPC message");
      return;
    }
    CheckResponse response;
    try {
      response = CheckResponse.parser().parseFrom(bytes, PREFIX, bytes.length - PREFIX);
    } catch (InvalidProtocolBufferException e) {
      fail("answers with something that is no CheckResponse");
      return;
    }
    end();
    asker.answered(response);
  }

  private void fail(String why) {
    end();
    asker.failed(why);
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
    if (!over) {
      fail("cannot be asked: " + failure.sentence());
    }
  }
}
