package io.hostmesh.agent.external;

import com.google.protobuf.Timestamp;
import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.api.v1.AttributeContext;
import io.hostmesh.api.v1.CheckAddress;
import io.hostmesh.api.v1.CheckPeer;
import io.hostmesh.api.v1.CheckRequest;
import io.hostmesh.api.v1.CheckResponse;
import io.hostmesh.api.v1.CheckSocketAddress;
import io.hostmesh.api.v1.CheckedHttpRequest;
import io.hostmesh.api.v1.CheckedRequest;
import io.hostmesh.api.v1.HeaderAppendAction;
import io.hostmesh.api.v1.HeaderValueOption;
import io.hostmesh.api.v1.OkHttpResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What an authoriser is told of a request, and what becomes of the request by its answer. Pure. */
public final class Authorisation {
  /** What an authoriser changes would change the message's borders, or who it is for. */
  private static final Set<String> NEVER =
      Set.of(
          "host",
          "content-length",
          "transfer-encoding",
          "connection",
          "upgrade",
          "te",
          "trailer",
          "keep-alive",
          "proxy-connection");

  private static final int FORBIDDEN = 403;

  private Authorisation() {}

  /**
   * Who is who.
   *
   * @param source the caller's SPIFFE ID; empty where it has none
   * @param peer the caller's address
   * @param destination the called service's SPIFFE ID
   */
  public record Ends(String source, String peer, String destination) {}

  /**
   * @param names of the headers that it is told, in lower case; empty for all
   */
  public static CheckRequest question(
      HttpRequest head, Ends ends, Set<String> names, boolean http2, Instant now) {
    Map<String, String> headers = new HashMap<>();
    for (Map.Entry<String, String> header : head.headers().entries()) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (names.isEmpty() || names.contains(name)) {
        headers.merge(name, header.getValue(), (a, b) -> a + "," + b);
      }
    }
    String length = head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "-1");
    CheckedHttpRequest.Builder http =
        CheckedHttpRequest.newBuilder()
            .setId(head.headers().get("x-request-id", ""))
            .setMethod(head.method().name())
            .setPath(head.uri())
            .setHost(head.headers().get(HttpHeaderNames.HOST, ""))
            .setScheme("http")
            .setSize(length.matches("[0-9]{1,18}") ? Long.parseLong(length) : -1)
            .setProtocol(http2 ? "HTTP/2" : "HTTP/1.1");
    http.putAllHeaders(headers);
    return CheckRequest.newBuilder()
        .setAttributes(
            AttributeContext.newBuilder()
                .setSource(
                    CheckPeer.newBuilder()
                        .setPrincipal(ends.source())
                        .setAddress(
                            CheckAddress.newBuilder()
                                .setSocketAddress(
                                    CheckSocketAddress.newBuilder().setAddress(ends.peer()))))
                .setDestination(CheckPeer.newBuilder().setPrincipal(ends.destination()))
                .setRequest(
                    CheckedRequest.newBuilder()
                        .setTime(
                            Timestamp.newBuilder()
                                .setSeconds(now.getEpochSecond())
                                .setNanos(now.getNano()))
                        .setHttp(http)))
        .build();
  }

  public static boolean allows(CheckResponse answer) {
    return answer.getStatus().getCode() == 0 && !answer.hasDeniedResponse();
  }

  /** Changes the request as the authoriser wants it. */
  public static void apply(OkHttpResponse ok, HttpHeaders headers) {
    for (String name : ok.getHeadersToRemoveList()) {
      if (mayChange(name)) {
        headers.remove(name);
      }
    }
    set(ok.getHeadersList(), headers);
  }

  /** Changes the answer as the authoriser wants it. */
  public static void answer(List<HeaderValueOption> options, HttpHeaders headers) {
    set(options, headers);
  }

  private static void set(List<HeaderValueOption> options, HttpHeaders headers) {
    for (HeaderValueOption option : options) {
      String name = option.getHeader().getKey();
      String value =
          option.getHeader().getRawValue().isEmpty()
              ? option.getHeader().getValue()
              : option.getHeader().getRawValue().toString(StandardCharsets.ISO_8859_1);
      if (!mayChange(name) || !isValue(value)) {
        continue;
      }
      boolean present = headers.contains(name);
      if (option.getAppend().getValue()) { // Where nothing is said, it is replaced, as in Envoy.
        headers.add(name, value);
      } else if (!(option.getAppendAction() == HeaderAppendAction.ADD_IF_ABSENT && present)
          && !(option.getAppendAction() == HeaderAppendAction.OVERWRITE_IF_EXISTS && !present)) {
        MeshHeaders.remove(headers, name.toLowerCase(Locale.ROOT));
        headers.set(name, value);
      }
    }
  }

  private static boolean mayChange(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !name.isEmpty()
        && name.chars().allMatch(c -> c > ' ' && c < 0x7f && "()<>@,;:\\\"/[]?={}".indexOf(c) < 0)
        && !NEVER.contains(lower)
        && !MeshHeaders.isReserved(name);
  }

  private static boolean isValue(String value) {
    return value.chars().allMatch(c -> (c >= ' ' && c != 0x7f && c <= 0xff) || c == '\t');
  }

  /** The answer that a denied caller gets. */
  public static FullHttpResponse denial(CheckResponse answer) {
    int code = answer.getDeniedResponse().getStatus().getCodeValue();
    int status = code >= 300 && code < 600 ? code : FORBIDDEN;
    ByteBuf body =
        Unpooled.copiedBuffer(answer.getDeniedResponse().getBody(), StandardCharsets.UTF_8);
    FullHttpResponse denial =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
    set(answer.getDeniedResponse().getHeadersList(), denial.headers());
    denial.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    return denial;
  }
}
