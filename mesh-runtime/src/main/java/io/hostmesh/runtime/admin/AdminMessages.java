package io.hostmesh.runtime.admin;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One HTTP/1.1 request a connection, JSON both ways. Pure. */
final class AdminMessages {
  static final int MAX_ANSWER = 64 << 20;

  private AdminMessages() {}

  static byte[] request(String method, String pathAndQuery, byte[] body) {
    byte[] head =
        (method
                + " "
                + pathAndQuery
                + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = java.util.Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  /** The server sends whole JSON answers with a content-length, and closes. */
  static JsonObject answer(byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0 || !text.startsWith("HTTP/1.1 ") || text.length() < 12) {
      throw new IOException(bytes.length == 0 ? "it closed the connection" : "not HTTP");
    }
    JsonObject json = new JsonObject(text.substring(end + 4));
    if (!text.startsWith("200", 9)) {
      throw new UserError(json.getString("error", "refused with status " + text.substring(9, 12)));
    }
    return json;
  }
}
