package io.hostmesh.agent.upstream;

import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.agent.protocol.OnDemand;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;

/** Opens HTTP/2 connections to applications, with prior knowledge (RFC 9113 section 3.3). */
final class AppH2Connector implements Connector<Application> {
  private static final Object NONE = new Object();

  private final Dialer dialer;

  AppH2Connector(Dialer dialer) {
    this.dialer = dialer;
  }

  @Override
  public Object credentials(Application application) {
    return NONE;
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
            Channel channel = dialled.getNow();
            channel.pipeline().addLast("h2", link);
            channel.pipeline().remove(OnDemand.class);
            ready.trySuccess(link);
          } else {
            ready.tryFailure(done.cause());
          }
        });
    dialer.dial(application, loop, dialled);
  }
}
