package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.agent.protocol.OnDemand;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Opens HTTP/2 connections to applications, with prior knowledge (RFC 9113 section 3.3). They are
 * used once the application's settings are here, which say what it takes.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
final class AppH2Connector implements Connector<Application> {
  private static final Object NONE = new Object();

  private final Dialer dialer;
  private final Duration patience;

  AppH2Connector(Dialer dialer, Duration patience) {
    this.dialer = dialer;
    this.patience = patience;
  }

  @Override
  public Object credentials(Application application) {
    return NONE;
  }

  @Override
  public @Nullable Load load(Application application) {
    return application.load();
  }

  @Override
  public void connect(
      Application application,
      Object credentials,
      EventLoop loop,
      H2Link link,
      Promise<H2Link> ready) {
    Promise<Channel> dialled = loop.newPromise();
    dialled.addListener(
        done -> {
          if (done.isSuccess()) {
            begin(application, dialled.getNow(), link, ready);
          } else {
            ready.tryFailure(done.cause());
          }
        });
    dialer.dial(application, loop, dialled);
  }

  private void begin(Application application, Channel channel, H2Link link, Promise<H2Link> ready) {
    ScheduledFuture<?> deadline =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  fail(application, ready, "it has not begun to speak HTTP/2");
                  channel.close();
                },
                patience.toMillis(),
                TimeUnit.MILLISECONDS);
    channel
        .closeFuture()
        .addListener(
            _ -> {
              deadline.cancel(false);
              fail(application, ready, "it closed the connection, or does not speak HTTP/2");
            });
    link.whenSettled(
        () -> {
          deadline.cancel(false);
          ready.trySuccess(link);
        });
    channel.pipeline().addLast("h2", link);
    channel.pipeline().remove(OnDemand.class);
  }

  private static void fail(Application application, Promise<H2Link> ready, String why) {
    ready.tryFailure(
        new UpstreamException(UpstreamException.notConnected(application.toString(), why)));
  }
}
