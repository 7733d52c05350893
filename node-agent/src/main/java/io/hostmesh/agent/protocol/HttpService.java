package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.handler.codec.http.HttpRequest;

/** What the requests of one connection are for. */
public interface HttpService {
  /** A request arrived; {@link HttpExchange#start} is still to be called. */
  HttpExchange exchange(HttpCaller caller, HttpRequest head);

  /** What arrived was no request; the connection answers and closes. */
  void refused(Failure failure);
}
