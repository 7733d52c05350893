package io.hostmesh.agent.upstream;

import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.protocol.ReportedFailure;
import io.hostmesh.agent.protocol.StreamBytes;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Asks the other agent for a TCP connection and gives way once it has accepted. Until then nothing
 * is sent, so that another instance can be tried. Used by its event loop only.
 */
final class ConnectRequest implements H2LinkStream.Events {
  private final H2LinkStream stream;
  private final MeshTarget target;
  private final Promise<ByteStream> opened;

  private ConnectRequest(H2LinkStream stream, MeshTarget target, Promise<ByteStream> opened) {
    this.stream = stream;
    this.target = target;
    this.opened = opened;
  }

  static void send(H2LinkStream stream, MeshTarget target, Promise<ByteStream> opened) {
    stream.listen(new ConnectRequest(stream, target, opened));
    stream.headers(
        new DefaultHttp2Headers(false).method("CONNECT").authority(target.name().host()), false);
    stream.read();
  }

  @Override
  public void headers(Http2Headers headers, boolean end) {
    CharSequence status = headers.status();
    if (status != null && "200".contentEquals(status) && !end) {
      StreamBytes bytes = new StreamBytes(stream);
      if (!opened.trySuccess(bytes)) {
        stream.reset(Http2Error.CANCEL);
      }
    } else {
      fail(ReportedFailure.of(headers).orElseGet(() -> unexplained(status)));
      stream.reset(Http2Error.CANCEL);
    }
  }

  private Failure unexplained(@Nullable CharSequence status) {
    return failure("it answered with status " + status);
  }

  private Failure failure(String why) {
    return new Failure(
        Failure.Kind.CONNECT_FAILED, "could not open a connection to " + target + ": " + why);
  }

  private void fail(Failure failure) {
    opened.tryFailure(new UpstreamException(failure));
  }

  @Override
  public void data(ByteBuf bytes, boolean end) {
    bytes.release();
    fail(failure("it sent bytes before its answer"));
    stream.reset(Http2Error.PROTOCOL_ERROR);
  }

  @Override
  public void batchEnd() {
    if (!opened.isDone()) {
      stream.read();
    }
  }

  @Override
  public void roomAgain() {}

  @Override
  public void reset(long code) {
    fail(failure("it reset the stream"));
  }

  @Override
  public void closed(boolean unseen) {
    fail(failure("the connection closed"));
  }
}
