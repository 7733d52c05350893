package io.hostmesh.agent.protocol;

import io.hostmesh.agent.h2.H2Link;
import io.hostmesh.agent.h2.H2LinkStream;
import io.hostmesh.agent.h2.H2Settings;
import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** How HTTP/2 connections are set up: their limits, and who gets their streams. */
public final class H2Connections {
  /** Streams at a time on one connection; callers open another connection beyond it. */
  public static final int MAX_STREAMS = 1000;

  private static final int STREAM_WINDOW = 1024 * 1024;
  private static final int CONNECTION_WINDOW = 8 * 1024 * 1024;

  /** Counted with 32 bytes for each header (RFC 9113 section 6.5.2), unlike an HTTP/1.1 head. */
  private static final int HEAD_LIST = 4 * HttpLimits.DEFAULT.headBytes();

  /** Many callers share a connection between agents, and each may give up whenever it likes. */
  private static final int RESETS_OF_AGENTS = 20_000;

  private static final int RESETS_OF_APPLICATIONS = 400;

  /** Looks, after the one that asked. */
  private static final int ANSWER_WITHIN = 2;

  /** How often it is looked whether another agent, which has streams open, is still there. */
  static final Duration LOOK = Duration.ofSeconds(4);

  private H2Connections() {}

  /** Adds the handler of an application's connection to us. */
  public static Drainable serve(ChannelPipeline pipeline, HttpService service) {
    return add(
        pipeline, link(RESETS_OF_APPLICATIONS, stream -> new H2Server(stream, false, service)));
  }

  /** Adds the handler of another agent's connection to us. */
  public static Drainable serveAgent(ChannelPipeline pipeline, HttpService service) {
    return serveAgent(pipeline, service, LOOK);
  }

  /**
   * The same.
   *
   * @param look how often it is looked whether the other agent is there; one that was asked and is
   *     silent for twice as long is taken for gone
   */
  static Drainable serveAgent(ChannelPipeline pipeline, HttpService service, Duration look) {
    H2Link link = link(RESETS_OF_AGENTS, stream -> new H2Server(stream, true, service));
    return watched(pipeline, link, look);
  }

  /**
   * Adds the handler of another agent's connection to us, whose streams are no requests.
   *
   * @param eachStream is to listen to the stream it gets
   */
  public static Drainable serveAgentStreams(
      ChannelPipeline pipeline, Consumer<H2LinkStream> eachStream) {
    return watched(pipeline, link(RESETS_OF_AGENTS, eachStream), LOOK);
  }

  /** A host that is gone without a word leaves nothing open here: its agent answers no PING. */
  private static Drainable watched(ChannelPipeline pipeline, H2Link link, Duration look) {
    Drainable drainable = add(pipeline, link);
    ScheduledFuture<?> looking =
        pipeline
            .channel()
            .eventLoop()
            .scheduleWithFixedDelay(
                () -> look(link, look.toNanos()),
                look.toNanos(),
                look.toNanos(),
                TimeUnit.NANOSECONDS);
    pipeline.channel().closeFuture().addListener(_ -> looking.cancel(false));
    return drainable;
  }

  private static void look(H2Link link, long every) {
    if (link.hasStreams() && !link.isPeerThere(System.nanoTime(), every, ANSWER_WITHIN * every)) {
      link.close();
    }
  }

  private static H2Link link(int resets, Consumer<H2LinkStream> eachStream) {
    return new H2Link(
        settings(true, resets),
        new H2Link.Owner() {
          @Override
          public void opened(H2LinkStream stream) {
            eachStream.accept(stream);
          }

          @Override
          public void streamClosed() {}

          @Override
          public void retired() {}
        });
  }

  private static Drainable add(ChannelPipeline pipeline, H2Link link) {
    pipeline.addLast("h2", link);
    return () -> link.drain(Drainable.IDLE_GRACE);
  }

  /** A client's connection, to be added to a pipeline; the server opens no streams on it. */
  public static H2Link client(H2Link.Owner owner) {
    return new H2Link(settings(false, RESETS_OF_AGENTS), owner);
  }

  private static H2Settings settings(boolean server, int resets) {
    return new H2Settings(server, MAX_STREAMS, STREAM_WINDOW, CONNECTION_WINDOW, HEAD_LIST, resets);
  }
}
