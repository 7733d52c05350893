package io.hostmesh.agent.attestd;

import io.hostmesh.agent.workload.Question;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.runtime.UserError;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * The helper's door: whom the kernel says to be the agent's user asks one question a connection and
 * gets one answer. So many at a time; whoever says nothing, or too much, is hung up on.
 */
final class AttestdServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(AttestdServer.class.getName());
  private static final int MOST_CONNECTIONS = 256;
  private static final int WORKERS = 2;
  private static final long QUESTION_MILLIS = 2_000;

  private final Vertx vertx;
  private final IntPredicate allowed;
  private final Function<Question, SocketHolders> answers;
  private final WorkerExecutor workers;
  private final NetServer server;
  private final AtomicInteger open = new AtomicInteger();

  /**
   * @param allowed which users may ask
   * @param answers may block; called on a few threads
   */
  AttestdServer(Vertx vertx, IntPredicate allowed, Function<Question, SocketHolders> answers) {
    this.vertx = vertx;
    this.allowed = allowed;
    this.answers = answers;
    this.workers = vertx.createSharedWorkerExecutor("attest", WORKERS, 10, TimeUnit.SECONDS);
    this.server =
        vertx
            .createNetServer(new NetServerOptions().setIdleTimeout(10))
            .connectHandler(this::accepted);
  }

  /**
   * @throws UserError where the socket cannot be made
   */
  void listen(Path socket) {
    try {
      Path directory = socket.toAbsolutePath().getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.deleteIfExists(socket);
      server.listen(SocketAddress.domainSocketAddress(socket.toString())).await();
      // Everyone may connect; who may ask is decided by the peer's credentials.
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    } catch (IOException e) {
      throw new UserError("socket: cannot make " + socket + ": " + e, e);
    }
  }

  private void accepted(NetSocket socket) {
    int uid = uid(socket);
    if (!allowed.test(uid)) {
      LOG.log(System.Logger.Level.WARNING, "uid {0} may not ask", uid);
      socket.close();
      return;
    }
    if (open.incrementAndGet() > MOST_CONNECTIONS) {
      open.decrementAndGet();
      answer(socket, new SocketHolders.Unknown("hostmesh-attestd has more to do than it can"));
      return;
    }
    long timer = vertx.setTimer(QUESTION_MILLIS, _ -> socket.close());
    Buffer question = Buffer.buffer(Question.BYTES);
    socket.closeHandler(
        _ -> {
          open.decrementAndGet();
          vertx.cancelTimer(timer);
        });
    socket.exceptionHandler(_ -> socket.close());
    socket.handler(
        bytes -> {
          question.appendBuffer(bytes);
          if (question.length() >= Question.BYTES) {
            vertx.cancelTimer(timer);
            socket.handler(_ -> {});
            ask(socket, question.getBytes());
          }
        });
  }

  private void ask(NetSocket socket, byte[] question) {
    Question read;
    try {
      read = Question.decode(question);
    } catch (Question.Unreadable e) {
      answer(socket, new SocketHolders.Unknown("hostmesh-attestd: " + e.getMessage()));
      return;
    }
    workers
        .executeBlocking(() -> answers.apply(read), false)
        .onComplete(
            done -> {
              if (done.failed()) {
                LOG.log(
                    System.Logger.Level.ERROR, "a question could not be answered", done.cause());
              }
              SocketHolders known = done.result();
              answer(
                  socket,
                  known == null
                      ? new SocketHolders.Unknown("hostmesh-attestd failed; see its log")
                      : known);
            });
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Whoever is gone wants no answer.
  private static void answer(NetSocket socket, SocketHolders holders) {
    socket.end(Buffer.buffer(holders.encoded()));
  }

  private static int uid(NetSocket socket) {
    try {
      return ((EpollDomainSocketChannel)
              ((NetSocketInternal) socket).channelHandlerContext().channel())
          .peerCredentials()
          .uid();
    } catch (IOException e) {
      throw new IllegalStateException("the kernel does not say who asks", e);
    }
  }

  @Override
  public void close() {
    server.close().await();
    workers.close();
  }
}
