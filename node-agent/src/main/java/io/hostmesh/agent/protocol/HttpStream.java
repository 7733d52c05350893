package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpObject;

/** The side of a request that answers. Used by its event loop only. */
public interface HttpStream {
  /** Takes a part of the request over. */
  void write(HttpObject part);

  void flush();

  /** Whether more of the request is wanted now. */
  boolean writable();

  /** Asks for more of the answer. */
  void read();

  /** Gives the request up; the observer hears nothing more. */
  void cancel();

  /** Who sent the request and gets the answer; called on the stream's event loop. */
  interface Observer {
    /** The stream is open; called once, before anything else but {@link #failed}. */
    void opened(HttpStream stream);

    /** A part of the answer, which the observer takes over. */
    void response(HttpObject part);

    /** No more parts for the moment. */
    void responseBatchEnd();

    /** More of the request can be written. */
    void streamWritable();

    /** Whether more of the answer is wanted. */
    boolean accepting();

    /**
     * There will be no (more) answer.
     *
     * @param unsent whether no byte of the request can have reached the application
     */
    void failed(Failure failure, boolean unsent);
  }
}
