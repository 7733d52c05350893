package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.NetworkNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Carries TCP connections out of the lab: it listens in the hub, whence no way leads out, and
 * connects from the machine's own network.
 */
final class Relay implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Relay.class.getName());
  private static final int CONNECT_MILLIS = 5_000;

  private final ServerSocket server;
  private final String host;
  private final int port;

  private Relay(ServerSocket server, String host, int port) {
    this.server = server;
    this.host = host;
    this.port = port;
  }

  /**
   * @param namespace where it listens
   * @param at on which of its ports
   */
  static Relay open(String namespace, int at, String host, int port) {
    try {
      ServerSocket server =
          NetworkNamespace.inside(
              namespace, () -> new ServerSocket(at, 128, InetAddress.ofLiteral("0.0.0.0")));
      Relay relay = new Relay(server, host, port);
      Thread.ofPlatform().daemon().name("relay").start(relay::accept);
      return relay;
    } catch (Exception e) {
      throw new UserError("cannot listen in " + namespace + ": " + e.getMessage(), e);
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket inside = server.accept();
        Thread.ofVirtual().name("relay").start(() -> carry(inside));
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "relay: " + e.getMessage());
      }
    }
  }

  private void carry(Socket inside) {
    try (inside;
        Socket outside = new Socket()) {
      outside.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
      Thread back = Thread.ofVirtual().start(() -> copy(outside, inside));
      copy(inside, outside);
      back.join();
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "relay: cannot reach " + host + ":" + port + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
      to.shutdownOutput();
    } catch (IOException e) {
      // One side went away: so does the other.
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "relay: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "relay: " + e.getMessage());
    }
  }
}
