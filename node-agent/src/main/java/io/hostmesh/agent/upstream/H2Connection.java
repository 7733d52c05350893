package io.hostmesh.agent.upstream;

import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.protocol.H2Connections;
import io.netty.util.concurrent.Promise;
import java.util.concurrent.TimeUnit;

/** One HTTP/2 connection that this agent opened. Used by its event loop only. */
final class H2Connection implements H2Link.Owner {
  /** Without a byte for so long while streams are open, the peer is asked whether it lives. */
  private static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(4);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

  final Promise<H2Link> ready;
  final H2Link link = H2Connections.client(this);
  private final Object credentials;
  private final Place place;
  private int streams;
  private boolean retired;
  private long lastUsedNanos = System.nanoTime();

  H2Connection(Promise<H2Link> ready, Object credentials, Place place) {
    this.ready = ready;
    this.credentials = credentials;
    this.place = place;
  }

  @SuppressWarnings("ReferenceEquality") // New credentials are another object.
  boolean isMadeWith(Object current) {
    return credentials == current;
  }

  boolean hasRoom() {
    return !retired
        && !link.isEnded()
        && link.hasIds()
        && streams < Math.min(H2Connections.MAX_STREAMS, link.peerStreams());
  }

  /**
   * A stream is wanted: it has its place from now on, also while the connection is being opened.
   */
  void take() {
    streams++;
    place.used();
  }

  /** Whether more streams were taken than the peer, as it says, takes; one is always tried. */
  boolean isOverfull() {
    return streams > Math.max(1, link.peerStreams());
  }

  /** A stream that was taken is not opened here. */
  void giveUp() {
    streams--;
  }

  @Override
  public void opened(H2LinkStream stream) {
    throw new IllegalStateException("a server opens no streams");
  }

  @Override
  public void streamClosed() {
    streams--;
    lastUsedNanos = System.nanoTime();
    if (retired && streams == 0) {
      close();
    }
  }

  @Override
  public void retired() {
    retire();
  }

  /** Takes no more streams, and closes behind the last one; another connection has its place. */
  void retire() {
    retired = true;
    place.free();
    if (streams == 0) {
      close();
    }
  }

  void close() {
    if (ready.isSuccess()) {
      link.close();
    }
  }

  /** It is over. */
  void closed() {
    place.free();
  }

  void sweep(long nowNanos) {
    if (!ready.isSuccess()) {
      return;
    }
    if (streams == 0) {
      long idle = nowNanos - lastUsedNanos;
      if (idle > IDLE_NANOS || place.isWanted(idle)) {
        link.close();
      }
    } else if (!link.isPeerThere(nowNanos, SILENT_NANOS, PATIENCE_NANOS)) {
      link.close();
    }
  }
}
