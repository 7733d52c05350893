package io.hostmesh.agent.outbound;

import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.Outcome;
import io.hostmesh.agent.telemetry.Telemetry;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;

/** Answers every request of a connection with the same refusal. */
record RefusedHttp(Telemetry telemetry, String peer, Failure failure) implements HttpService {
  @Override
  public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
    return new HttpExchange(caller, head) {
      @Override
      protected void admit() {
        refuse(failure);
      }

      @Override
      protected boolean again(Failure why) {
        return false;
      }

      @Override
      protected void answering(HttpResponse response) {}

      @Override
      protected void ended(Outcome outcome) {
        telemetry.refused("outbound", peer, failure);
      }
    };
  }

  @Override
  public void refused(Failure malformed) {
    telemetry.refused("outbound", peer, malformed);
  }
}
