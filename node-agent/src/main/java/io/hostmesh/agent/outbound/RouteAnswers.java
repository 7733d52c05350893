package io.hostmesh.agent.outbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.Cors;
import io.hostmesh.model.rules.RouteRule;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The answers that a route gives in place of a service. */
final class RouteAnswers {
  private RouteAnswers() {}

  /**
   * The answer of an entry that sends nothing on.
   *
   * @param path that the entry makes of the request's
   */
  static FullHttpResponse of(RouteRule.Entry entry, HttpRequest request, String path) {
    return switch (entry.action()) {
      case Action.Respond respond -> text(respond);
      case Action.Redirect redirect -> elsewhere(redirect, request, path);
      case Action.Forward _ -> throw new IllegalArgumentException("an entry that sends on");
    };
  }

  private static FullHttpResponse text(Action.Respond respond) {
    ByteBuf body = Unpooled.copiedBuffer(respond.body(), StandardCharsets.UTF_8);
    FullHttpResponse answer = answer(respond.status(), body);
    if (body.isReadable()) {
      answer.headers().set(HttpHeaderNames.CONTENT_TYPE, respond.contentType());
    }
    return answer;
  }

  /** RFC 9110 section 10.2.2: a location without a host is meant for the one that was asked. */
  private static FullHttpResponse elsewhere(
      Action.Redirect redirect, HttpRequest request, String path) {
    String target = request.uri();
    String relative =
        RequestPath.withoutAuthority(
            redirect.path().isPresent() ? RequestPath.withPath(target, path) : target);
    if (relative.startsWith("//")) {
      relative = "/" + relative.replaceFirst("^/+", ""); // RFC 3986 section 4.2: that names a host.
    }
    String location = relative;
    if (redirect.scheme().isPresent() || redirect.host().isPresent()) {
      location =
          redirect.scheme().orElseGet(() -> scheme(request.headers()))
              + "://"
              + redirect.host().orElseGet(() -> request.headers().get(HttpHeaderNames.HOST, ""))
              + relative;
    }
    FullHttpResponse answer = answer(redirect.status(), Unpooled.EMPTY_BUFFER);
    answer.headers().set(HttpHeaderNames.LOCATION, location);
    return answer;
  }

  /** What the caller's own client used, where a proxy in front of it says so. */
  private static String scheme(HttpHeaders headers) {
    return headers.get("x-forwarded-proto", "http").equalsIgnoreCase("https") ? "https" : "http";
  }

  /** The answer to a preflight; empty where the request is none that the rule answers. */
  static Optional<FullHttpResponse> preflight(Cors cors, HttpRequest request) {
    HttpHeaders headers = request.headers();
    String origin = headers.get(HttpHeaderNames.ORIGIN);
    if (!request.method().equals(HttpMethod.OPTIONS)
        || origin == null
        || !headers.contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD)
        || !cors.allows(origin)) {
      return Optional.empty();
    }
    FullHttpResponse answer = answer(204, Unpooled.EMPTY_BUFFER);
    HttpHeaders said = answer.headers();
    if (!cors.methods().isEmpty()) {
      said.set(
          HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS,
          String.join(", ", cors.methods().stream().sorted().toList()));
    }
    String asked = headers.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS, "");
    String allowed = cors.headers().isEmpty() ? asked : String.join(", ", cors.headers());
    if (!allowed.isEmpty()) {
      said.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    cors.maxAge()
        .ifPresent(age -> said.set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, age.toSeconds()));
    return Optional.of(answer);
  }

  /** What a browser is to read in every answer to a page of another origin. */
  static void expose(Cors cors, String origin, HttpHeaders answer) {
    answer.remove(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN);
    answer.remove(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS);
    answer.add(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
    if (!cors.allows(origin)) {
      return;
    }
    answer.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if (cors.credentials()) {
      answer.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    if (!cors.expose().isEmpty()) {
      answer.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, String.join(", ", cors.expose()));
    }
  }

  private static FullHttpResponse answer(int status, ByteBuf body) {
    FullHttpResponse answer =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
    if (status != HttpResponseStatus.NO_CONTENT.code()) {
      answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    }
    answer.headers().set(HttpHeaderNames.SERVER, "hostmesh");
    return answer;
  }
}
