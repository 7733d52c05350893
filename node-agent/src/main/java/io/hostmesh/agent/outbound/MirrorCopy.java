package io.hostmesh.agent.outbound;

import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.protocol.Informational;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.ServiceName;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a request, whose answer nobody gets. It never makes the request wait: what its service
 * does not take in time is dropped. Used by its event loop only.
 */
final class MirrorCopy implements HttpStream.Observer {
  /** What may wait for the copy's service, of one request. */
  private static final int MOST_BYTES = 64 * 1024;

  /** Copies of this agent at a time. */
  private static final int MOST_COPIES = 512;

  private static final long LONGEST_SECONDS = 15;

  private final OutboundHttp connection;
  private final Resolution resolution;
  private final HttpRequest head;
  private final AtomicInteger copies;
  private final ArrayDeque<HttpContent> waiting = new ArrayDeque<>(2);
  private final @Nullable ScheduledFuture<?> limit;
  private @Nullable HttpStream stream;
  private int waitingBytes;
  private boolean requestEnded;
  private boolean flushing;
  private boolean over;

  private MirrorCopy(
      OutboundHttp connection, Resolution resolution, HttpRequest head, AtomicInteger copies) {
    this.connection = connection;
    this.resolution = resolution;
    this.head = head;
    this.copies = copies;
    this.limit = loop().schedule(() -> end("dropped"), LONGEST_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Begins a copy.
   *
   * @param request which goes its own way
   * @param service that gets the copy
   * @param subset of it; null for all
   * @return null where there are too many under way
   */
  static @Nullable MirrorCopy begin(
      OutboundHttp connection, HttpRequest request, ServiceName service, @Nullable String subset) {
    AtomicInteger copies = connection.sender().mirrorCopies();
    if (copies.incrementAndGet() > MOST_COPIES) {
      copies.decrementAndGet();
      connection.sender().telemetry().metrics().tries().mirrored(service, "dropped");
      return null;
    }
    HttpRequest head =
        new DefaultHttpRequest(
            request.protocolVersion(), request.method(), request.uri(), request.headers().copy());
    String host = head.headers().get(HttpHeaderNames.HOST);
    if (host != null) {
      head.headers().set(HttpHeaderNames.HOST, shadow(host));
    }
    MirrorCopy copy =
        new MirrorCopy(
            connection,
            new Resolution(connection.sender(), service, null), // Callers are not refused for it.
            head,
            copies);
    copy.resolution.direct(service, subset, copy.loop(), copy::found);
    return copy;
  }

  /** As Envoy says that a request is a copy. */
  static String shadow(String host) {
    int port = host.startsWith("[") ? host.indexOf(':', host.indexOf(']')) : host.indexOf(':');
    return port < 0 ? host + "-shadow" : host.substring(0, port) + "-shadow" + host.substring(port);
  }

  private EventLoop loop() {
    return connection.upstreams().loop();
  }

  private void found(Resolution.Next next) {
    if (over) {
      resolution.release();
    } else if (next instanceof Resolution.Next.To to) {
      connection.open(to.candidate().endpoint(), head, this);
    } else {
      end("failed");
    }
  }

  /** Takes a copy of a part. */
  void offer(HttpContent part) {
    if (over) {
      return;
    }
    requestEnded |= part instanceof LastHttpContent;
    waitingBytes += part.content().readableBytes();
    waiting.add(KeptRequest.copy(part));
    if (stream != null && stream.writable()) {
      pass();
    } else if (waitingBytes > MOST_BYTES) {
      end("dropped");
    }
  }

  private void pass() {
    HttpStream open = stream;
    HttpContent part = open == null ? null : waiting.poll();
    while (part != null && open != null) {
      open.write(part);
      part = waiting.poll();
    }
    waitingBytes = 0;
    if (!flushing) {
      flushing = true;
      loop().execute(this::flush); // Once for all that comes in this turn.
    }
  }

  private void flush() {
    flushing = false;
    if (stream != null && !over) {
      stream.flush();
    }
  }

  /** The request itself is over; where it did not come whole, its copy is not sent on. */
  void requestOver() {
    if (!requestEnded) {
      end("dropped");
    }
  }

  @Override
  public void opened(HttpStream opened) {
    if (over) {
      opened.cancel();
      return;
    }
    stream = opened;
    opened.write(head);
    pass();
    opened.read();
  }

  @Override
  public void streamWritable() {
    if (!over && !waiting.isEmpty()) {
      pass();
    }
  }

  @Override
  public boolean accepting() {
    return true;
  }

  @Override
  public void response(HttpObject part) {
    boolean last =
        part instanceof LastHttpContent
            && !(part instanceof HttpResponse response && Informational.is(response));
    ReferenceCountUtil.release(part);
    if (last && !over) {
      if (requestEnded && waiting.isEmpty()) {
        stream = null; // It has ended by itself.
      }
      end("answered");
    }
  }

  @Override
  public void responseBatchEnd() {
    if (stream != null && !over) {
      stream.read();
    }
  }

  @Override
  public void failed(Failure why, boolean unsent) {
    stream = null;
    resolution.lost(why);
    end("failed");
  }

  private void end(String result) {
    if (over) {
      return;
    }
    over = true;
    if (limit != null) {
      limit.cancel(false);
    }
    waiting.forEach(HttpContent::release);
    waiting.clear();
    HttpStream open = stream;
    stream = null;
    if (open != null) {
      open.cancel();
    }
    resolution.release();
    copies.decrementAndGet();
    connection.sender().telemetry().metrics().tries().mirrored(resolution.service(), result);
  }
}
