package io.hostmesh.agent.inbound;

import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * A request from this host's outbound stage to its inbound stage: no wire, but the same decisions.
 * Used by its event loop only.
 */
public final class InProcess implements HttpStream {
  private final HttpService service;
  private final Observer observer;
  private @Nullable HttpExchange exchange;
  private boolean over;

  private InProcess(HttpService service, Observer observer) {
    this.service = service;
    this.observer = observer;
  }

  /** Opens a stream to an inbound stage. */
  public static void open(HttpService service, Observer observer) {
    observer.opened(new InProcess(service, observer));
  }

  @Override
  public void write(HttpObject part) {
    switch (part) {
      case HttpRequest head when exchange == null -> {
        HttpExchange begun = service.exchange(new Caller(), head);
        exchange = begun;
        begun.start();
      }
      case HttpContent content when exchange != null -> exchange.content(content);
      case Object _ -> ReferenceCountUtil.release(part);
    }
  }

  @Override
  public void flush() {
    if (exchange != null) {
      exchange.requestBatchEnd();
    }
  }

  @Override
  public boolean writable() {
    return exchange != null && exchange.wantsRequest();
  }

  @Override
  public void read() {
    if (exchange != null) {
      exchange.callerWritable();
    }
  }

  @Override
  public void cancel() {
    over = true;
    if (exchange != null) {
      exchange.callerClosed();
    }
  }

  /** The caller of the inbound exchange. */
  private final class Caller implements HttpCaller {
    @Override
    public void write(HttpObject part) {
      if (over) {
        ReferenceCountUtil.release(part);
      } else {
        observer.response(part);
      }
    }

    @Override
    public void flush() {
      if (!over) {
        observer.responseBatchEnd();
      }
    }

    @Override
    public boolean writable() {
      return !over && observer.accepting();
    }

    @Override
    public void read() {
      if (!over) {
        observer.streamWritable();
      }
    }

    @Override
    public void abort() {
      if (!over) {
        over = true;
        observer.failed(
            new Failure(
                Failure.Kind.UPSTREAM_RESET,
                "the application broke off in the middle of its answer"),
            false);
      }
    }
  }
}
