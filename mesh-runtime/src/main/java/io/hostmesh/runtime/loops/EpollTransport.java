package io.hostmesh.runtime.loops;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.vertx.core.transport.Transport;
import org.jspecify.annotations.Nullable;

/** Vert.x' epoll transport on {@link EpollLoops}. */
public final class EpollTransport implements Transport {
  @Override
  public String name() {
    return "epoll";
  }

  @Override
  public boolean available() {
    return Epoll.isAvailable();
  }

  @Override
  public @Nullable Throwable unavailabilityCause() {
    return Epoll.unavailabilityCause();
  }

  @Override
  public io.vertx.core.spi.transport.Transport implementation() {
    return new io.vertx.core.impl.transports.EpollTransport() {
      @Override
      public IoHandlerFactory ioHandlerFactory() {
        return new EpollLoops();
      }
    };
  }
}
