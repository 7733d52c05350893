package io.hostmesh.runtime.loops;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;

/**
 * One loop's epoll handler of Netty 4.2.17, with two repairs.
 *
 * <p>Where a channel wants no event for the moment (its peer has ended its side, it is not being
 * read, and nothing waits to be written), Netty takes its descriptor out of the epoll set but then
 * goes on to change it there, which fails with ENOENT and closes the channel. Half-closed
 * connections that are read on demand live from exactly that, so the descriptor stays in the set,
 * edge-triggered, with nothing asked for.
 *
 * <p>Netty knows channels by their descriptors. Where one event of a batch makes a channel close
 * and another be opened, as a proxy does all the time, the new one may get the old one's descriptor
 * and then the old one's events, which wait in the same batch: the end of a peer that it has never
 * had. So no channel hears events of the batch in which it was registered; its own come later.
 *
 * <p>Used on the loop's thread only, but for {@link #wakeup}.
 */
final class RepairedEpoll implements IoHandler {
  private final IoHandler epoll;
  private long batch;

  RepairedEpoll(IoHandler epoll) {
    this.epoll = epoll;
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  /** Waits once, and then hands out what came: a batch. */
  @Override
  public int run(IoHandlerContext context) {
    batch++;
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Kept(epoll.register(new Newcomer((EpollIoHandle) handle, batch)));
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return epoll.isCompatible(handleType);
  }

  /** Deaf to the batch in which it came. */
  @SuppressWarnings("try") // IoHandle.close may throw anything.
  private final class Newcomer implements EpollIoHandle {
    private final EpollIoHandle handle;
    private final long registeredIn;

    Newcomer(EpollIoHandle handle, long registeredIn) {
      this.handle = handle;
      this.registeredIn = registeredIn;
    }

    @Override
    public FileDescriptor fd() {
      return handle.fd();
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
      if (batch != registeredIn) {
        handle.handle(registration, event);
      }
    }

    @Override
    public void registered() {
      handle.registered();
    }

    @Override
    public void unregistered() {
      handle.unregistered();
    }

    @Override
    public void close() throws Exception {
      handle.close();
    }
  }

  private record Kept(IoRegistration registration) implements IoRegistration {
    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // So it is declared.
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public long submit(IoOps ops) {
      return registration.submit(EpollIoOps.NONE.equals(ops) ? EpollIoOps.EPOLLET : ops);
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }
}
