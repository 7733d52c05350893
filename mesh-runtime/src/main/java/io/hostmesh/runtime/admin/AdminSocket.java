package io.hostmesh.runtime.admin;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Asks a daemon of this host over its admin socket ({@link AdminServer}): one HTTP/1.1 request a
 * connection, JSON both ways. Without event loops, so that the command starts fast; blocking, safe
 * for any thread.
 *
 * @param path the socket
 * @param daemon whose it is, for messages, for instance "pilot"
 */
public record AdminSocket(Path path, String daemon) {
  private static final int MAX_ANSWER = 64 << 20;

  /** Whether there is such a socket; a dead daemon's may still be there. */
  public boolean exists() {
    return Files.exists(path);
  }

  /** As {@link #ask(String, String, byte[], Duration)} with a JSON body. */
  public JsonObject ask(String method, String pathAndQuery, JsonObject body, Duration limit) {
    return ask(method, pathAndQuery, body.toBuffer().getBytes(), limit);
  }

  /** A question without a body. */
  public JsonObject get(String pathAndQuery, Duration limit) {
    return ask("GET", pathAndQuery, new byte[0], limit);
  }

  /**
   * @param pathAndQuery for instance {@code /v1/rules?dry-run=true}
   * @throws UserError where the daemon is not there, or says that the request is wrong
   */
  public JsonObject ask(String method, String pathAndQuery, byte[] body, Duration limit) {
    if (!exists()) {
      throw new UserError(
          daemon + " is not running here: there is no " + path + "; start it, or name its --dir");
    }
    try {
      return answer(exchange(request(method, pathAndQuery, body), limit));
    } catch (IOException | DecodeException e) {
      throw new UserError(
          daemon + " does not answer at " + path + " (" + e.getMessage() + "); is it running?", e);
    }
  }

  private static ByteBuffer request(String method, String pathAndQuery, byte[] body) {
    byte[] head =
        (method
                + " "
                + pathAndQuery
                + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(head.length + body.length).put(head).put(body).flip();
  }

  private byte[] exchange(ByteBuffer request, Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.configureBlocking(false); // So that a full queue is an error, not a wait.
      channel.connect(UnixDomainSocketAddress.of(path));
      SelectionKey key = channel.register(selector, SelectionKey.OP_WRITE);
      while (answer.size() <= MAX_ANSWER) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0 || (selector.select(left) == 0 && System.nanoTime() >= deadline)) {
          throw new UserError(daemon + " did not answer within " + limit.toSeconds() + " s");
        }
        selector.selectedKeys().clear();
        if (request.hasRemaining()) {
          channel.write(request);
          key.interestOps(request.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
        } else {
          int read = channel.read(buffer);
          if (read < 0) {
            return answer.toByteArray();
          }
          answer.write(buffer.array(), 0, read);
          buffer.clear();
        }
      }
      throw new IOException("its answer is longer than " + MAX_ANSWER + " bytes");
    }
  }

  /** The server sends whole JSON answers with a content-length, and closes. */
  private static JsonObject answer(byte[] bytes) throws IOException {
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
