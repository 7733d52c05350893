package io.hostmesh.agent.upstream;

import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.SocketBytes;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;

/** All connections that one event loop has opened. Used by that loop only. */
public final class Upstreams {
  private static final long SWEEP_SECONDS = 1;

  private final EventLoop loop;
  private final MeshTls tls;
  private final Dialer dialer;
  private final H2Pool<MeshTarget> mesh;
  private final H2Pool<Application> appH2;
  private final H1Pool appH1;

  public Upstreams(EventLoop loop, MeshTls tls, Sockets sockets) {
    this.loop = loop;
    this.tls = tls;
    this.dialer = new Dialer(sockets);
    this.mesh = new H2Pool<>(loop, new MeshConnector(tls, sockets));
    this.appH2 =
        new H2Pool<>(loop, new AppH2Connector(dialer, sockets.settings().handshakeTimeout()));
    this.appH1 = new H1Pool(loop, dialer);
  }

  /** Begins to look after the connections; on the loop. */
  public void begin() {
    var _ =
        loop.scheduleWithFixedDelay(this::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  private void sweep() {
    long now = System.nanoTime();
    mesh.sweep(now);
    appH2.sweep(now);
    appH1.sweep(now);
  }

  public EventLoop loop() {
    return loop;
  }

  /** Whether a local service can call other agents now: it has a certificate. */
  public boolean mayCall(ServiceName source) {
    return tls.hasCertificate(source);
  }

  /** A request to another agent. */
  public void mesh(MeshTarget target, HttpStream.Observer observer) {
    H2Stream.open(mesh, target, true, observer);
  }

  /**
   * A request to an application.
   *
   * @param http2 whether it speaks HTTP/2 with prior knowledge
   * @param fresh whether a connection that was used before will not do
   */
  public void application(
      Application application, boolean http2, boolean fresh, HttpStream.Observer observer) {
    if (http2) {
      H2Stream.open(appH2, application, false, observer);
    } else {
      appH1.open(application, fresh, observer);
    }
  }

  /** A bare connection to an application, not read yet. */
  public void dial(Application application, Promise<ByteStream> connected) {
    Promise<Channel> dialled = loop.newPromise();
    dialled.addListener(
        done -> {
          if (done.isSuccess()) {
            connected.trySuccess(new SocketBytes(dialled.getNow()));
          } else {
            connected.tryFailure(done.cause());
          }
        });
    dialer.dial(application, loop, dialled);
  }

  /**
   * A TCP connection through another agent.
   *
   * @param opened the stream, after the other agent has accepted it and not read beyond that, or an
   *     {@link UpstreamException}
   */
  public void connect(MeshTarget target, Promise<ByteStream> opened) {
    mesh.open(
        target,
        new H2Pool.Opened() {
          @Override
          public void opened(H2LinkStream stream) {
            ConnectRequest.send(stream, target, opened);
          }

          @Override
          public void failed(Failure failure) {
            opened.tryFailure(new UpstreamException(failure));
          }
        });
  }

  public void close() {
    mesh.close();
    appH2.close();
    appH1.close();
  }
}
