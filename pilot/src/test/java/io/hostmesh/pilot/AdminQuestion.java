package io.hostmesh.pilot;

import io.hostmesh.runtime.UserError;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** One request over an admin socket, as the command hostmesh makes it. */
final class AdminQuestion {
  private AdminQuestion() {}

  static JsonObject ask(Path socket, HttpMethod method, String path, String body) {
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: "
            + body.getBytes(StandardCharsets.UTF_8).length
            + "\r\n\r\n";
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer request = ByteBuffer.wrap((head + body).getBytes(StandardCharsets.UTF_8));
      while (request.hasRemaining()) {
        channel.write(request);
      }
      return answer(readAll(channel));
    } catch (IOException e) {
      throw new IllegalStateException(socket + ": " + e.getMessage(), e);
    }
  }

  private static String readAll(SocketChannel channel) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
    while (channel.read(buffer) >= 0) {
      all.write(buffer.array(), 0, buffer.position());
      buffer.clear();
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  private static JsonObject answer(String text) {
    JsonObject json = new JsonObject(text.substring(text.indexOf("\r\n\r\n") + 4));
    if (!text.startsWith("HTTP/1.1 200")) {
      throw new UserError(json.getString("error"));
    }
    return json;
  }
}
