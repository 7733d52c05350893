package io.hostmesh.agent.listen;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.systemd.ListenFds;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The agent's listening sockets by their names, on Vert.x' event loops. A socket that was passed in
 * ({@link ListenFds}) is used, and stays open for whoever else holds it when we close ours; one
 * that was not is opened here. Sockets called {@code name} and {@code name6} are served alike. For
 * one thread, at start.
 */
public final class ListeningSockets {
  /** The names that a socket unit uses. */
  public static final String OUTBOUND = "outbound";

  public static final String INBOUND = "inbound";
  public static final String MESH = "mesh";
  public static final String DNS_UDP = "dns-udp";
  public static final String DNS_TCP = "dns-tcp";
  public static final String METRICS = "metrics";
  public static final String READY = "ready";

  private static final int BACKLOG = 4096;

  private final EventLoopGroup loops;
  private final Map<String, List<ListenFds.Passed>> passed;

  public ListeningSockets(Vertx vertx, Map<String, List<ListenFds.Passed>> passed) {
    VertxInternal internal = (VertxInternal) vertx;
    this.loops = internal.nettyEventLoopGroup();
    this.passed = Map.copyOf(passed);
  }

  /** Whether a socket of this name was passed in. */
  public boolean isPassed(String name) {
    return passed.containsKey(name) || passed.containsKey(name + "6");
  }

  /** How many sockets of exactly this name were passed in. */
  public int passed(String name) {
    return passed.getOrDefault(name, List.of()).size();
  }

  /**
   * Serves connections.
   *
   * @param otherwise what is bound where nothing of this name was passed
   * @param connections initialises each accepted channel, on the loop that it stays on
   * @return the listening channels
   * @throws UserError where a passed socket is of the wrong kind, or an address cannot be had
   */
  public List<Channel> serve(
      String name, List<InetSocketAddress> otherwise, ChannelHandler connections) {
    List<Channel> channels = new ArrayList<>();
    for (ListenFds.Passed socket : passed(name, ListenFds.Kind.STREAM_LISTENER)) {
      channels.add(
          opened(
              name,
              server(connections)
                  .channelFactory(() -> new EpollServerSocketChannel(socket.fd()))
                  .register(),
              "descriptor " + socket.fd()));
    }
    if (channels.isEmpty()) {
      for (InetSocketAddress address : otherwise) {
        channels.add(
            opened(
                name,
                server(connections).channel(EpollServerSocketChannel.class).bind(address),
                address.toString()));
      }
    }
    return List.copyOf(channels);
  }

  /** Serves datagrams, likewise. */
  public List<Channel> datagrams(
      String name, List<InetSocketAddress> otherwise, ChannelHandler handler) {
    List<Channel> channels = new ArrayList<>();
    for (ListenFds.Passed socket : passed(name, ListenFds.Kind.DATAGRAM)) {
      channels.add(
          opened(
              name,
              new Bootstrap()
                  .group(loops)
                  .handler(handler)
                  .channelFactory(() -> new EpollDatagramChannel(socket.fd()))
                  .register(),
              "descriptor " + socket.fd()));
    }
    if (channels.isEmpty()) {
      for (InetSocketAddress address : otherwise) {
        Bootstrap bootstrap =
            new Bootstrap().group(loops).handler(handler).channel(EpollDatagramChannel.class);
        channels.add(opened(name, bootstrap.bind(address), address.toString()));
      }
    }
    return List.copyOf(channels);
  }

  private ServerBootstrap server(ChannelHandler connections) {
    return new ServerBootstrap()
        .group(loops) // A thread that only accepts would wake another for each connection.
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        // A half-closed connection still has answers to bring.
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true) // TCP_NODELAY Netty sets by itself.
        .childHandler(connections);
  }

  private List<ListenFds.Passed> passed(String name, ListenFds.Kind kind) {
    List<ListenFds.Passed> sockets = new ArrayList<>(passed.getOrDefault(name, List.of()));
    sockets.addAll(passed.getOrDefault(name + "6", List.of()));
    for (ListenFds.Passed socket : sockets) {
      if (socket.kind() != kind) {
        throw new UserError(
            "the passed socket \""
                + name
                + "\" is a "
                + words(socket.kind())
                + ", but "
                + words(kind)
                + " is needed; look at ListenStream= and ListenDatagram= of its unit");
      }
    }
    return sockets;
  }

  private static String words(ListenFds.Kind kind) {
    return switch (kind) {
      case STREAM_LISTENER -> "listening stream socket";
      case DATAGRAM -> "datagram socket";
    };
  }

  private static Channel opened(String name, ChannelFuture opening, String what) {
    opening.awaitUninterruptibly();
    if (!opening.isSuccess()) {
      throw new UserError(
          "cannot listen for "
              + name
              + " on "
              + what
              + ": "
              + opening.cause().getMessage()
              + ". Does another process hold it? See 'ss -ltnup'.",
          opening.cause());
    }
    return opening.channel();
  }
}
