package io.hostmesh.runtime.loops;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Channels that come and go while a batch of events is handed out. */
class RepairedEpollTest {
  private static final IoHandlerContext NO_CONTEXT =
      new IoHandlerContext() {
        @Override
        public boolean canBlock() {
          return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
          return 0;
        }

        @Override
        public long deadlineNanos() {
          return -1;
        }
      };

  /** Hands out to whoever has the one descriptor, as Netty's does. */
  private static final class OneDescriptor implements IoHandler {
    private Runnable first = () -> {};
    private @Nullable IoHandle owner;
    private final List<IoOps> asked = new ArrayList<>();
    private final Registration registration = new Registration(asked);

    @Override
    public int run(IoHandlerContext context) {
      first.run();
      if (owner != null) {
        owner.handle(registration, new IoEvent() {});
      }
      return 1;
    }

    @Override
    public IoRegistration register(IoHandle handle) {
      owner = handle;
      return registration;
    }

    @Override
    public void wakeup() {}

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
      return true;
    }
  }

  private record Registration(List<IoOps> asked) implements IoRegistration {
    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    public <T> T attachment() {
      return (T) this;
    }

    @Override
    public long submit(IoOps ops) {
      asked.add(ops);
      return 0;
    }

    @Override
    public boolean isValid() {
      return true;
    }

    @Override
    public boolean cancel() {
      return true;
    }
  }

  private static final class Channel implements EpollIoHandle {
    private int events;

    @Override
    public FileDescriptor fd() {
      return new FileDescriptor(7);
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
      events++;
    }

    @Override
    public void close() {}
  }

  private final OneDescriptor netty = new OneDescriptor();
  private final RepairedEpoll epoll = new RepairedEpoll(netty);

  @Test
  void aChannelDoesNotHearWhatCameForTheFormerOwnerOfItsDescriptor() throws Exception {
    Channel old = new Channel();
    var _ = epoll.register(old);
    Channel fresh = new Channel();
    netty.first =
        () -> {
          try {
            var _ = epoll.register(fresh); // Another event of the batch has closed the old one.
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };

    epoll.run(NO_CONTEXT);
    assertThat(fresh.events).isZero();
    assertThat(old.events).isZero();

    netty.first = () -> {};
    epoll.run(NO_CONTEXT);
    assertThat(fresh.events).isEqualTo(1);
  }

  @Test
  void aChannelThatCameBetweenBatchesHearsTheNext() throws Exception {
    epoll.run(NO_CONTEXT);
    Channel channel = new Channel();
    var _ = epoll.register(channel);

    epoll.run(NO_CONTEXT);

    assertThat(channel.events).isEqualTo(1);
  }

  @Test
  void aDescriptorThatWantsNothingStaysInTheSet() throws Exception {
    IoRegistration registration = epoll.register(new Channel());

    registration.submit(EpollIoOps.NONE);
    registration.submit(EpollIoOps.EPOLLIN);

    assertThat(netty.asked).containsExactly(EpollIoOps.EPOLLET, EpollIoOps.EPOLLIN);
  }
}
