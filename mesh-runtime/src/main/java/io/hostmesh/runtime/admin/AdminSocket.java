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
public record AdminSocket(Path path, String daemon) implements AdminClient {
  /** Whether there is such a socket; a dead daemon's may still be there. */
  public boolean exists() {
    return Files.exists(path);
  }

  @Override
  public JsonObject ask(String method, String pathAndQuery, byte[] body, Duration limit) {
    if (!exists()) {
      throw new UserError(
          daemon + " is not running here: there is no " + path + "; start it, or name its --dir");
    }
    try {
      return AdminMessages.answer(
          exchange(ByteBuffer.wrap(AdminMessages.request(method, pathAndQuery, body)), limit));
    } catch (IOException | DecodeException e) {
      throw new UserError(
          daemon + " does not answer at " + path + " (" + e.getMessage() + "); is it running?", e);
    }
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
      while (answer.size() <= AdminMessages.MAX_ANSWER) {
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
      throw new IOException("its answer is longer than " + AdminMessages.MAX_ANSWER + " bytes");
    }
  }
}
