package io.hostmesh.agent.inbound;

import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.protocol.StreamBytes;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.Promise;

/** One CONNECT stream from another agent: judged, answered, joined. Used by its event loop only. */
final class ConnectServer implements H2LinkStream.Events {
  private final H2LinkStream stream;
  private final Receiver receiver;
  private final Origin origin;
  private final LocalInstance instance;
  private final Upstreams upstreams;
  private boolean asked;

  private ConnectServer(
      H2LinkStream stream,
      Receiver receiver,
      Origin origin,
      LocalInstance instance,
      Upstreams upstreams) {
    this.stream = stream;
    this.receiver = receiver;
    this.origin = origin;
    this.instance = instance;
    this.upstreams = upstreams;
  }

  static void serve(
      H2LinkStream stream,
      Receiver receiver,
      Origin origin,
      LocalInstance instance,
      Upstreams upstreams) {
    stream.listen(new ConnectServer(stream, receiver, origin, instance, upstreams));
  }

  @Override
  public void headers(Http2Headers headers, boolean end) {
    CharSequence method = headers.method();
    if (asked || method == null || !"CONNECT".contentEquals(method) || end) {
      answer(new Failure(Failure.Kind.MALFORMED, "only CONNECT is understood here"));
      return;
    }
    asked = true;
    Promise<Receiver.Accepted> accepted = upstreams.loop().newPromise();
    accepted.addListener(
        done -> {
          if (done.isSuccess()) {
            join(accepted.getNow());
          } else {
            answer(UpstreamException.of(done.cause(), instance.toString()));
          }
        });
    receiver.tcp(origin, instance, upstreams, accepted);
  }

  private void join(Receiver.Accepted accepted) {
    stream.headers(new DefaultHttp2Headers(false).status("200"), false);
    accepted.join(new StreamBytes(stream), _ -> {});
  }

  /** The caller's agent resets the caller's connection, and logs why. */
  private void answer(Failure failure) {
    stream.headers(ReportedFailure.refusal(failure), true);
  }

  /** Bytes that come before the application is reached wait in the stream. */
  @Override
  public void data(ByteBuf bytes, boolean end) {
    bytes.release();
  }

  @Override
  public void batchEnd() {}

  @Override
  public void roomAgain() {}

  @Override
  public void reset(long code) {}

  @Override
  public void closed(boolean unseen) {}
}
