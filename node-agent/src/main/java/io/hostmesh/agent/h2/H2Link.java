package io.hostmesh.agent.h2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.collection.IntObjectHashMap;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection: reads frames, keeps its streams and their windows, and writes frames into
 * one buffer that goes out once in a turn of the event loop, however many streams wrote. The
 * channel is read without being asked: windows bound what can come. Used by its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
public final class H2Link extends ChannelInboundHandlerAdapter {
  /** Who has the connection. */
  public interface Owner {
    /** The peer opened a stream: {@link H2LinkStream#listen} is to be called. */
    void opened(H2LinkStream stream);

    /** A stream is over, whoever opened it. */
    void streamClosed();

    /** The peer takes no more streams. */
    void retired();
  }

  /** Room for the streams of one connection together: few turns of the loop end for want of it. */
  private static final WriteBufferWaterMark UNSENT =
      new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

  private final H2Settings settings;
  private final Owner owner;
  private final FrameReader reader;
  private final HeaderCodec headers;
  private final IntObjectHashMap<H2LinkStream> streams = new IntObjectHashMap<>();
  private final ArrayDeque<H2LinkStream> waiting = new ArrayDeque<>();
  private final Runnable deliver = this::deliverNow;
  final SendWindow sending = new SendWindow(SendWindow.DEFAULT);
  private final ReceiveWindow receiving;
  private List<H2LinkStream> touched = new ArrayList<>();
  private List<H2LinkStream> delivering = new ArrayList<>();
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable FrameWriter writer;
  private @Nullable ByteBuf unread;
  private boolean deliverScheduled;
  private boolean reading;
  private boolean begun;
  private boolean ended;
  private boolean draining;
  private int peerWindow = SendWindow.DEFAULT;
  private int peerStreams = Integer.MAX_VALUE;
  private boolean peerTakesConnect;
  private boolean settled;
  private @Nullable Runnable whenSettled;
  private int nextId = 1;
  private long lastReadNanos = System.nanoTime();
  private boolean asked;
  private long askedNanos;

  public H2Link(H2Settings settings, Owner owner) {
    this.settings = settings;
    this.owner = owner;
    this.receiving = new ReceiveWindow(settings.connectionWindow());
    this.headers = new HeaderCodec(settings.maxHeaderList());
    this.reader = new FrameReader(this, settings, headers);
  }

  // Its beginning and end.

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    ctx = context;
    context.channel().config().setWriteBufferWaterMark(UNSENT);
    writer = new FrameWriter(context, headers);
    if (context.channel().isActive()) {
      begin();
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    begin();
    context.fireChannelActive();
  }

  private void begin() {
    if (begun) {
      return;
    }
    begun = true;
    writer().preface(settings);
  }

  /** What goes to the peer. */
  FrameWriter writer() {
    FrameWriter to = writer;
    if (to == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return to;
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext context = ctx;
    if (context == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return context;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(false);
    context.fireChannelInactive();
  }

  /** HTTP/2 has no half of a connection: who ends his side can grant no more room either. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      context.close();
    }
    context.fireUserEventTriggered(event);
  }

  private void end(boolean unseen) {
    ended = true;
    for (H2LinkStream stream : List.copyOf(streams.values())) {
      stream.connectionClosed(unseen);
    }
    releaseBuffers();
  }

  private void releaseBuffers() {
    writer().end();
    if (unread != null) {
      unread.release();
      unread = null;
    }
    reader.release();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    releaseBuffers();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    System.getLogger(H2Link.class.getName())
        .log(System.Logger.Level.DEBUG, () -> "closing " + context.channel(), cause);
    context.close();
  }

  /** Calls back when the connection is over, at once where it is already. */
  public void closed(Runnable callback) {
    context().channel().closeFuture().addListener(_ -> callback.run());
  }

  /** Closes at once, with all streams. */
  public void close() {
    context().close();
  }

  /**
   * Tells the peer to open no more streams, and closes when none has been open for a while; those
   * that it opens meanwhile are still served.
   */
  public void drain(Duration grace) {
    if (!draining) {
      draining = true;
      writer().goAway(Integer.MAX_VALUE, Http2Error.NO_ERROR);
      closeWhenIdle(grace);
    }
  }

  private void closeWhenIdle(Duration grace) {
    context()
        .executor()
        .schedule(
            () -> {
              if (streams.isEmpty()) {
                context().close();
              } else {
                closeWhenIdle(grace);
              }
            },
            grace.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  // Reading.

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    lastReadNanos = System.nanoTime();
    asked = false;
    ByteBuf in = (ByteBuf) message;
    if (ended) {
      in.release();
      return;
    }
    ByteBuf before = unread;
    ByteBuf all =
        before == null
            ? in
            : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), before, in);
    unread = null;
    reading = true;
    try {
      reader.read(all);
    } catch (H2Error e) {
      fail(e);
    } finally {
      reading = false;
    }
    if (all.isReadable() && !ended) {
      unread = all;
    } else {
      all.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    deliverNow();
    context.fireChannelReadComplete();
  }

  void touch(H2LinkStream stream) {
    if (!stream.touched) {
      stream.touched = true;
      touched.add(stream);
    }
  }

  void deliverSoon() {
    if (!deliverScheduled && !reading) {
      deliverScheduled = true;
      context().executor().execute(deliver);
    }
  }

  private void deliverNow() {
    deliverScheduled = false;
    if (touched.isEmpty()) {
      return;
    }
    List<H2LinkStream> now = touched;
    touched = delivering;
    delivering = now;
    for (int i = 0; i < now.size(); i++) {
      now.get(i).deliver();
    }
    now.clear();
  }

  /** The peer broke the protocol: it is told how, and loses the connection. */
  void fail(H2Error error) {
    System.getLogger(H2Link.class.getName())
        .log(
            System.Logger.Level.DEBUG,
            () ->
                "ending "
                    + context().channel()
                    + " with "
                    + error.code
                    + ": "
                    + error.getMessage());
    writer().goAway(reader.ids().lastPeerStream(), error.code);
    writer().flushNow();
    end(false);
    context().close();
  }

  // What the reader finds.

  @Nullable H2LinkStream stream(int id) {
    return streams.get(id);
  }

  boolean isOpened(int id) {
    return id < nextId;
  }

  /** Whether any stream is open. */
  public boolean hasStreams() {
    return !streams.isEmpty();
  }

  int count() {
    return streams.size();
  }

  H2LinkStream accept(int id) {
    H2LinkStream stream = new H2LinkStream(this, id, peerWindow, settings.streamWindow());
    streams.put(id, stream);
    owner.opened(stream);
    return stream;
  }

  void count(int length) throws H2Error {
    if (!receiving.receive(length)) {
      throw H2Error.connection(
          Http2Error.FLOW_CONTROL_ERROR, "more DATA than the connection's window has room");
    }
  }

  void consumed(int bytes) {
    int update = receiving.consume(bytes);
    if (update > 0) {
      writer().windowUpdate(0, update);
    }
  }

  void windowUpdated(@Nullable H2LinkStream stream) {
    if (stream != null) {
      stream.pump();
      return;
    }
    for (int i = waiting.size(); i > 0 && sending.available() > 0; i--) {
      H2LinkStream next = waiting.poll();
      if (next == null) {
        return; // The others have been given up meanwhile.
      }
      next.waiting = false;
      next.pump();
    }
  }

  void peerWindow(int size) throws H2Error {
    long change = (long) size - peerWindow;
    peerWindow = size;
    for (H2LinkStream stream : List.copyOf(streams.values())) {
      if (!stream.sending.add(change)) {
        throw H2Error.connection(Http2Error.FLOW_CONTROL_ERROR, "a window beyond 2^31-1");
      }
      stream.pump();
    }
  }

  void peerStreams(int limit) {
    peerStreams = limit;
  }

  void peerTakesConnect(boolean takes) {
    peerTakesConnect = takes;
  }

  /** Whether the peer lets streams change their protocol (RFC 8441 section 3). */
  boolean peerTakesConnect() {
    return peerTakesConnect;
  }

  void settled() {
    settled = true;
    Runnable callback = whenSettled;
    whenSettled = null;
    if (callback != null) {
      callback.run();
    }
  }

  /** Calls back once the peer's first settings are here, at once where they are. */
  public void whenSettled(Runnable callback) {
    if (settled) {
      callback.run();
    } else {
      whenSettled = callback;
    }
  }

  void peerGoesAway(int lastStream) {
    owner.retired();
    if (!settings.server()) {
      for (H2LinkStream stream : List.copyOf(streams.values())) {
        if (stream.id > lastStream) {
          stream.connectionClosed(true);
        }
      }
    }
  }

  void streamClosed(H2LinkStream stream) {
    if (stream.id != 0) {
      streams.remove(stream.id);
    }
    if (stream.waiting) {
      waiting.remove(stream);
      stream.waiting = false;
    }
    owner.streamClosed();
  }

  // Writing.

  /** A new stream, whose head is to be written next; the peer's limit is the caller's to keep. */
  public H2LinkStream open() {
    return new H2LinkStream(this, 0, peerWindow, settings.streamWindow());
  }

  /** Streams that the peer takes at a time. */
  public int peerStreams() {
    return peerStreams;
  }

  /** Whether ids are left for more streams. */
  public boolean hasIds() {
    return nextId > 0 && nextId < Integer.MAX_VALUE - 2;
  }

  boolean isWritable() {
    return !ended && context().channel().isWritable();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) {
      for (H2LinkStream stream : List.copyOf(streams.values())) {
        stream.tellWritable();
      }
    }
    context.fireChannelWritabilityChanged();
  }

  /** Sends what was written at the end of this turn of the event loop. */
  public void flushSoon() {
    writer().flushSoon();
  }

  void writeHeaders(H2LinkStream stream, Http2Headers list, boolean end) {
    if (ended) {
      return;
    }
    if (stream.id == 0) {
      stream.id = nextId;
      nextId += 2;
      streams.put(stream.id, stream);
    }
    writer().headers(stream.id, list, end);
  }

  /** How many bytes of a stream can be sent now. */
  int room(H2LinkStream stream) {
    return Math.min(sending.available(), stream.sending.available());
  }

  void waitForRoom(H2LinkStream stream) {
    if (!stream.waiting && stream.sending.available() > 0) {
      stream.waiting = true; // For the connection; the stream's own window calls it by itself.
      waiting.add(stream);
    }
  }

  /** Takes bytes over, for which there is room. */
  void writeData(H2LinkStream stream, ByteBuf bytes, boolean end) {
    int size = bytes.readableBytes();
    sending.take(size);
    stream.sending.take(size);
    writer().data(stream.id, bytes, end);
  }

  void writeReset(int id, Http2Error code) {
    reader.ids().resetSent(id);
    writer().reset(id, code);
  }

  /**
   * Whether the peer is there, as far as is known. One that is silent is asked; only one that was
   * asked and did not answer is gone: it may be us who slept.
   *
   * @param nowNanos on the clock of {@link System#nanoTime}
   * @param silentNanos how long nothing may come before the peer is asked
   * @param patienceNanos how long its answer may take
   */
  public boolean isPeerThere(long nowNanos, long silentNanos, long patienceNanos) {
    if (nowNanos - lastReadNanos < silentNanos) {
      return true;
    }
    if (!asked) {
      asked = true;
      askedNanos = nowNanos;
    } else if (nowNanos - askedNanos > patienceNanos) {
      return false;
    }
    writer().ping(false, nowNanos);
    return true;
  }

  /** Whether it has been closed, or is being so. */
  public boolean isEnded() {
    return ended;
  }
}
