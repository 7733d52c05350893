package io.hostmesh.agent.enduser;

import io.hostmesh.agent.protocol.MeshHeaders;
import io.hostmesh.model.rules.JwtIssuer;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Where tokens stand in a request's head. Pure but for the headers given. */
final class TokenPlaces {
  private static final String BEARER = "bearer ";

  private TokenPlaces() {}

  /** All tokens at a place; an Authorization of another scheme is none. */
  static List<String> find(HttpHeaders headers, JwtIssuer.Place place) {
    if (place.cookie()) {
      return cookies(headers, place.name());
    }
    List<String> values = headers.getAll(place.name());
    boolean authorization = place.equals(JwtIssuer.Place.AUTHORIZATION);
    if (authorization && values.size() > 1) {
      return values; // Which one the application would take, nobody knows.
    }
    List<String> tokens = new ArrayList<>(1);
    for (String value : values) {
      boolean bearer = value.regionMatches(true, 0, BEARER, 0, BEARER.length());
      if (bearer || !authorization) {
        tokens.add((bearer ? value.substring(BEARER.length()) : value).strip());
      }
    }
    return tokens;
  }

  private static List<String> cookies(HttpHeaders headers, String name) {
    List<String> tokens = new ArrayList<>(1);
    for (String header : headers.getAll(HttpHeaderNames.COOKIE)) {
      for (String pair : header.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
          tokens.add(pair.substring(equals + 1).strip());
        }
      }
    }
    return tokens;
  }

  /** Removes the token. */
  static void take(HttpHeaders headers, JwtIssuer.Place place) {
    if (!place.cookie()) {
      remove(headers, place.name());
      return;
    }
    List<String> kept = new ArrayList<>();
    for (String header : headers.getAll(HttpHeaderNames.COOKIE)) {
      for (String pair : header.split(";", -1)) {
        if (!pair.strip().startsWith(place.name() + "=") && !pair.isBlank()) {
          kept.add(pair.strip());
        }
      }
    }
    headers.remove(HttpHeaderNames.COOKIE);
    if (!kept.isEmpty()) {
      headers.set(HttpHeaderNames.COOKIE, String.join("; ", kept));
    }
  }

  /** Removes a header, and those that some programs would take for it. */
  static void remove(HttpHeaders headers, String lowerCaseName) {
    MeshHeaders.remove(headers, lowerCaseName);
  }

  /** A claim as a header's value: what is not printable ASCII is escaped with %. */
  static String printable(String value) {
    StringBuilder text = new StringBuilder(value.length());
    for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        text.append((char) b);
      } else {
        text.append(String.format("%%%02X", b & 0xff));
      }
    }
    return text.toString();
  }
}
