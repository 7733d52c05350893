package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** A socket whose bytes are relayed as they are. Used by its event loop only. */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class SocketBytes extends ChannelInboundHandlerAdapter implements ByteStream {
  private final Channel channel;
  private final OnDemand demand;
  private @Nullable Receiver receiver;
  private boolean inputEnded;
  private boolean closing;

  /**
   * @param channel its pipeline begins with an {@link OnDemand}
   */
  public SocketBytes(Channel channel) {
    this.channel = channel;
    this.demand = OnDemand.of(channel);
  }

  private Receiver receiver() {
    Receiver to = receiver;
    if (to == null) {
      throw new IllegalStateException("not begun");
    }
    return to;
  }

  @Override
  public void begin(Receiver to) {
    receiver = to;
    channel.pipeline().addLast("relay", this);
    channel.closeFuture().addListener(_ -> to.closed());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof ByteBuf bytes) {
      receiver().received(bytes);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    receiver().batchEnd();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      receiver().roomAgain();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded = true;
      receiver().inputEnded();
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    receiver().broken("broke: " + cause.getMessage());
  }

  @Override
  public void read() {
    demand.read();
  }

  @Override
  public void write(ByteBuf bytes) {
    channel.write(bytes, channel.voidPromise());
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void endOutput() {
    if (inputEnded) {
      close(); // Which says the same to the other side.
    } else {
      Ends.output(channel);
    }
  }

  @Override
  public void close() {
    if (!closing) {
      closing = true;
      Ends.both(channel);
    }
  }

  @Override
  public void reset() {
    Resets.reset(channel);
  }
}
