package io.hostmesh.agent.redirect;

import io.hostmesh.agent.workload.Attestation;
import io.hostmesh.agent.workload.CallerAttestor;
import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.ProcessFinder;
import io.hostmesh.agent.workload.Workload;
import io.hostmesh.agent.workload.WorkloadMatcher;
import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.linux.NetworkNamespace;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Stands where an agent would: greets each captured connection with the port that it came to and
 * where it was going.
 */
final class TestAgent implements AutoCloseable {
  /** A declared service, whose calls are greeted by name as well. */
  static final int CALLER = 4713;

  private final CallerAttestor callers =
      new CallerAttestor(
          CgroupTree.ofHost(),
          () ->
              new WorkloadMatcher(
                  List.of(
                      new Workload(ServiceName.of("web"), "web-1", WorkloadSelector.uid(CALLER)))),
          ProcessFinder.NONE,
          false);
  private final List<Integer> ports = new CopyOnWriteArrayList<>();
  private final EventLoopGroup loops;
  private final List<Channel> listeners = new ArrayList<>();

  TestAgent(TestHost host) throws Exception {
    // On the host: attestation asks the network that its thread is in.
    loops =
        new MultiThreadIoEventLoopGroup(
            1,
            NetworkNamespace.named(host.name()).threads(Thread.ofPlatform().daemon().factory()),
            EpollIoHandler.newFactory());
    for (int port : new int[] {CapturePorts.DEFAULT.outbound(), CapturePorts.DEFAULT.inbound()}) {
      String name = port == CapturePorts.DEFAULT.outbound() ? "outbound" : "inbound";
      listeners.add(host.call(() -> listen(name, port)));
    }
  }

  private Channel listen(String name, int port) {
    return new ServerBootstrap()
        .group(loops)
        .channel(EpollServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel connection) {
                connection.pipeline().addLast(new Greeting(name));
              }
            })
        .bind(new InetSocketAddress("::", port))
        .syncUninterruptibly()
        .channel();
  }

  /** The ports that callers seemed to have, in the order of their calls. */
  List<Integer> callersPorts() {
    return ports;
  }

  private final class Greeting extends ChannelInboundHandlerAdapter {
    private final String name;

    Greeting(String name) {
      this.name = name;
    }

    private String caller(ChannelHandlerContext context) {
      InetSocketAddress client = (InetSocketAddress) context.channel().remoteAddress();
      InetSocketAddress local = (InetSocketAddress) context.channel().localAddress();
      ports.add(client.getPort());
      InetSocketAddress original = OriginalDestination.of(context.channel()).orElseThrow();
      AtomicReference<Attestation> answer = new AtomicReference<>();
      callers.attest(local, client, original, context.channel().eventLoop(), answer::set);
      return answer.get() instanceof Attestation.Attested attested
          ? " from " + attested.service()
          : "";
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      String line =
          OriginalDestination.of(context.channel())
              .map(to -> name + " " + to.getAddress().getHostAddress() + " " + to.getPort())
              .map(greeting -> greeting + caller(context))
              .orElse(name + " called itself");
      var _ =
          context
              .writeAndFlush(Unpooled.copiedBuffer(line + "\n", StandardCharsets.UTF_8))
              .addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void close() {
    listeners.forEach(listener -> listener.close().syncUninterruptibly());
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
