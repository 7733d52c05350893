package io.hostmesh.agent.protocol;

import io.netty.handler.codec.http.HttpObject;

/**
 * The side of a request that asked: takes the answer's parts. Used by its event loop only.
 *
 * <p>An answer is an {@code HttpResponse}, any {@code HttpContent}s and a {@code LastHttpContent};
 * a full response is all in one. Informational answers (1xx but 101) are full responses before it.
 */
public interface HttpCaller {
  /** Takes a part over, whether it can be sent any more or not. */
  void write(HttpObject part);

  void flush();

  /** Whether more of the answer is wanted now. */
  boolean writable();

  /** Asks for more of the request. */
  void read();

  /** Ends an answer that cannot be completed, so that the caller sees that it is not complete. */
  void abort();
}
