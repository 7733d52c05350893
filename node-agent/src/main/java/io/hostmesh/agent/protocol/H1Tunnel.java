package io.hostmesh.agent.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;

/**
 * What an application's connection is after 101, or after 2xx to CONNECT: a pair of byte streams,
 * of which each ends by itself. Used by its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class H1Tunnel {
  private final Channel channel;
  private final HttpExchange exchange;
  private boolean inputEnded;
  private boolean outputEnded;

  H1Tunnel(Channel channel, HttpExchange exchange) {
    this.channel = channel;
    this.exchange = exchange;
  }

  /** Bytes from the application, taken over. */
  void received(ByteBuf bytes) {
    exchange.content(new DefaultHttpContent(bytes));
  }

  /** The application sends no more. */
  void inputEnded() {
    if (!inputEnded) {
      inputEnded = true;
      exchange.content(new DefaultLastHttpContent());
      exchange.requestBatchEnd();
    }
    if (outputEnded) {
      Ends.both(channel);
    }
  }

  /** Bytes to the application, taken over. */
  void write(HttpContent part) {
    if (part.content().isReadable()) {
      channel.write(part.content(), channel.voidPromise());
    } else {
      part.release();
    }
    if (part instanceof LastHttpContent) {
      outputEnded = true;
      if (inputEnded) {
        Ends.both(channel);
      } else {
        Ends.output(channel);
      }
    }
  }
}
