package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The part of WebSocket's handshake that HTTP/2 has no need of (RFC 8441 section 5): a key, which
 * the server shows to have read (RFC 6455 section 1.3). Who speaks HTTP/1.1 gets it from the agent
 * beside it where the other end speaks HTTP/2.
 */
final class WebSockets {
  static final String NAME = "websocket";
  private static final String SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int KEY_BYTES = 16;

  private WebSockets() {}

  static boolean is(String protocol) {
    return protocol.equalsIgnoreCase(NAME);
  }

  /** Adds a key to a request that came without one. It keeps no secret. */
  static void addKey(HttpHeaders request) {
    if (!request.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
      byte[] key = new byte[KEY_BYTES];
      ThreadLocalRandom.current().nextBytes(key);
      request.set(HttpHeaderNames.SEC_WEBSOCKET_KEY, Base64.getEncoder().encodeToString(key));
    }
  }

  /** What a server answers to a key. */
  static String accept(String key) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-1")
              .digest((key + SALT).getBytes(StandardCharsets.ISO_8859_1));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }
}
