package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** The agent's own answers: the sentence as text, or in gRPC's form for a gRPC caller. */
public final class DirectAnswer {
  private static final int GRPC_DEADLINE_EXCEEDED = 4;
  private static final int GRPC_PERMISSION_DENIED = 7;
  private static final int GRPC_RESOURCE_EXHAUSTED = 8;
  private static final int GRPC_UNIMPLEMENTED = 12;
  private static final int GRPC_INTERNAL = 13;
  private static final int GRPC_UNAVAILABLE = 14;
  private static final int GRPC_UNAUTHENTICATED = 16;

  private DirectAnswer() {}

  static FullHttpResponse of(Failure failure, HttpHeaders request) {
    return of(failure.kind().status(), -1, failure.sentence(), request);
  }

  /**
   * An answer with any status.
   *
   * @param status of HTTP
   * @param grpcStatus what a gRPC caller gets; -1 where it follows from the status
   */
  public static FullHttpResponse of(
      int status, int grpcStatus, String sentence, HttpHeaders request) {
    return isGrpc(request)
        ? grpc(
            grpcStatus < 0 ? grpcStatus(status) : grpcStatus,
            sentence,
            request.get(HttpHeaderNames.CONTENT_TYPE, ""))
        : text(status, sentence);
  }

  /** Whether the caller expects an answer in gRPC's form. */
  public static boolean isGrpc(HttpHeaders request) {
    return request.get(HttpHeaderNames.CONTENT_TYPE, "").startsWith("application/grpc");
  }

  static FullHttpResponse text(Failure failure) {
    return text(failure.kind().status(), failure.sentence());
  }

  private static FullHttpResponse text(int status, String sentence) {
    ByteBuf body = Unpooled.copiedBuffer(sentence + "\n", StandardCharsets.UTF_8);
    FullHttpResponse answer =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
    answer
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
        .set(HttpHeaderNames.SERVER, "hostmesh");
    return answer;
  }

  private static int grpcStatus(int status) {
    return switch (status) {
      case 401 -> GRPC_UNAUTHENTICATED;
      case 403 -> GRPC_PERMISSION_DENIED;
      case 429 -> GRPC_RESOURCE_EXHAUSTED;
      case 501 -> GRPC_UNIMPLEMENTED;
      case 504 -> GRPC_DEADLINE_EXCEEDED;
      case 400, 408, 414, 431 -> GRPC_INTERNAL;
      default -> GRPC_UNAVAILABLE;
    };
  }

  /** A trailers-only answer (gRPC over HTTP/2, section "Responses"). */
  private static FullHttpResponse grpc(int code, String sentence, String type) {
    FullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER);
    answer
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, type)
        .set("grpc-status", code)
        .set("grpc-message", percentEncoded(sentence));
    return answer;
  }

  private static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder(text.length() + 16);
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append(String.format("%%%02X", b & 0xff));
      }
    }
    return encoded.toString();
  }
}
