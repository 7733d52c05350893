package io.hostmesh.agent;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A program that listens and does the same with each connection. */
final class TcpApp implements AutoCloseable {
  /** What it does with a connection, on a thread of its own. */
  interface Session {
    void run(Socket socket) throws Exception;
  }

  final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  final AtomicInteger accepted = new AtomicInteger();
  private final ServerSocket server;

  TcpApp(Session session) throws IOException {
    server = new ServerSocket();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    Thread.ofVirtual().start(() -> accept(session));
  }

  /**
   * One that speaks HTTP/1.1 until the agent closes or resets the connection.
   *
   * @param service makes an answer, as it goes on the wire, of each request
   */
  static TcpApp http(Function<RawHttp.Answer, String> service) throws IOException {
    return new TcpApp(
        socket -> {
          RawHttp http = new RawHttp(socket);
          try {
            while (true) {
              http.send(service.apply(http.answer()));
            }
          } catch (IOException e) {
            return;
          }
        });
  }

  private void accept(Session session) {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        accepted.incrementAndGet();
        Thread.ofVirtual().start(() -> run(session, socket));
      } catch (IOException e) {
        return; // Closed.
      }
    }
  }

  private void run(Session session, Socket socket) {
    try (socket) {
      session.run(socket);
    } catch (Exception e) {
      failures.add(e);
    }
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
