package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.RequestPath;
import io.hostmesh.agent.external.Authorisation;
import io.hostmesh.agent.external.CheckCall;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.api.v1.CheckResponse;
import io.hostmesh.api.v1.HeaderValueOption;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule.Authoriser;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks the authorisers of a request, one after the other; the request waits. Used by its event loop
 * only.
 */
final class ExternalJudges implements CheckCall.Asker {
  /** Gets the outcome, once, unless it is cancelled before. */
  interface Asker {
    void allowed();

    void refused(Failure why);

    /**
     * @param words the authoriser's own answer to the caller
     */
    void denied(Failure why, FullHttpResponse words);
  }

  private final InboundHttp connection;
  private final HttpRequest head;
  private final boolean http2;
  private final List<ExternalAuthorizationRule> rules;
  private final Asker asker;
  private final List<HeaderValueOption> toAnswer = new ArrayList<>(0);
  private int next;
  private @Nullable CheckCall call;

  /**
   * @param rules in the order in which they are asked
   */
  ExternalJudges(
      InboundHttp connection,
      HttpRequest head,
      boolean http2,
      List<ExternalAuthorizationRule> rules,
      Asker asker) {
    this.connection = connection;
    this.head = head;
    this.http2 = http2;
    this.rules = rules;
    this.asker = asker;
  }

  /** Goes on with the next rule that holds the request. */
  void ask() {
    while (next < rules.size()) {
      ExternalAuthorizationRule rule = rules.get(next);
      String path = "";
      if (!rule.paths().isEmpty()) {
        switch (RequestPath.read(head.uri())) {
          case RequestPath.Reading.Normal normal -> {
            head.setUri(normal.target());
            path = normal.path();
          }
          case RequestPath.Reading.Ambiguous(String why) -> {
            asker.refused(
                new Failure(
                    Failure.Kind.MALFORMED,
                    service()
                        + " has external authorisation by path, and the path "
                        + RequestPath.shown(RequestPath.of(head.uri()))
                        + " "
                        + why
                        + ", which applications read in different ways"));
            return;
          }
        }
      }
      if (rule.holds(head.method().name(), path)) {
        ask(rule);
        return;
      }
      next++;
    }
    asker.allowed();
  }

  private String service() {
    return connection.instance().service().toString();
  }

  private void ask(ExternalAuthorizationRule rule) {
    CheckCall asked =
        new CheckCall(
            Authorisation.question(
                head, connection.ends(), rule.headers(), http2, connection.receiver().now()),
            rule.timeout(),
            connection.loop(),
            this);
    call = asked;
    switch (rule.authoriser()) {
      case Authoriser.Nobody _ -> {
        asked.cancel();
        failed("is not known: the rule cannot be read");
      }
      case Authoriser.Address(String host, int port) ->
          connection.call(
              new Application(
                  "the authoriser",
                  new InetSocketAddress(InetAddress.ofLiteral(host), port),
                  Optional.empty(),
                  Application.Gate.OPEN),
              asked);
      case Authoriser.Service(var name) ->
          connection
              .receiver()
              .ownCalls()
              .open(connection.instance().service(), name, connection.upstreams(), asked);
    }
  }

  @Override
  public void answered(CheckResponse answer) {
    ExternalAuthorizationRule rule = rules.get(next);
    if (Authorisation.allows(answer)) {
      Authorisation.apply(answer.getOkResponse(), head.headers());
      toAnswer.addAll(answer.getOkResponse().getResponseHeadersToAddList());
      next++;
      ask();
      return;
    }
    asker.denied(
        new Failure(
            Failure.Kind.ACCESS_DENIED,
            "denied by " + rule.authoriser() + ", the external authoriser of " + service()),
        Authorisation.denial(answer));
  }

  @Override
  public void failed(String why) {
    ExternalAuthorizationRule rule = rules.get(next);
    if (rule.allowOnFailure()) {
      next++;
      ask();
      return;
    }
    asker.refused(
        new Failure(
            Failure.Kind.AUTHORISER_FAILED,
            "the external authoriser of " + service() + ", " + rule.authoriser() + ", " + why));
  }

  /** Changes the final answer's head. */
  void answering(HttpHeaders headers) {
    if (!toAnswer.isEmpty()) {
      Authorisation.answer(toAnswer, headers);
    }
  }

  /** The request is over. */
  void cancel() {
    CheckCall asked = call;
    if (asked != null) {
      asked.cancel();
    }
  }
}
