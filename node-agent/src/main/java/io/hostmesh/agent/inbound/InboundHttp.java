package io.hostmesh.agent.inbound;

import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.external.Authorisation;
import io.hostmesh.agent.protocol.HttpCaller;
import io.hostmesh.agent.protocol.HttpExchange;
import io.hostmesh.agent.protocol.HttpService;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.telemetry.HttpMeters;
import io.hostmesh.agent.telemetry.RequestMeters;
import io.hostmesh.agent.upstream.Application;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.SpiffeId;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection to an instance of this host, and what is the same for all of them.
 * Used by its event loop only.
 */
final class InboundHttp implements HttpService {
  private final Receiver receiver;
  private final Origin origin;
  private final LocalInstance instance;
  private final Upstreams upstreams;
  private final Application application;
  private final LiveCalls.OnLoop live;
  private @Nullable Names names;

  /**
   * What is made of the mesh's names, which hardly ever change.
   *
   * @param http1 of requests that reach the application as HTTP/1.1
   * @param http2 of those that reach it as HTTP/2
   * @param clientCertificate Envoy's XFCC; null for a caller without identity
   */
  private record Names(
      MeshSettings of,
      HttpMeters http1,
      HttpMeters http2,
      @Nullable String clientCertificate,
      Authorisation.Ends ends) {}

  InboundHttp(Receiver receiver, Origin origin, LocalInstance instance, Upstreams upstreams) {
    this.receiver = receiver;
    this.origin = origin;
    this.instance = instance;
    this.upstreams = upstreams;
    this.application = receiver.application(origin, instance);
    this.live = receiver.live().on(upstreams.loop(), instance);
  }

  Receiver receiver() {
    return receiver;
  }

  Origin origin() {
    return origin;
  }

  LocalInstance instance() {
    return instance;
  }

  /** The calls of this event loop that are under way. */
  LiveCalls.OnLoop live() {
    return live;
  }

  RequestMeters meters(boolean http2, HttpRequest head) {
    Names known = names();
    HttpMeters meters = http2 ? known.http2() : known.http1();
    return meters.of(head.headers());
  }

  /** The caller's and the instance's ids, as the application is told them. */
  @Nullable String clientCertificate() {
    return names().clientCertificate();
  }

  /** Caller and service, as an external authoriser is told them. */
  Authorisation.Ends ends() {
    return names().ends();
  }

  EventLoop loop() {
    return upstreams.loop();
  }

  Upstreams upstreams() {
    return upstreams;
  }

  /** Opens a gRPC call in plaintext. */
  void call(Application to, HttpStream.Observer observer) {
    upstreams.application(to, true, false, observer);
  }

  @SuppressWarnings("ReferenceEquality") // New settings are another object.
  private Names names() {
    MeshSettings settings = receiver.settings();
    Names made = names;
    if (made == null || made.of() != settings) {
      made = make(settings);
      names = made;
    }
    return made;
  }

  private Names make(MeshSettings settings) {
    SpiffeId.Service destination =
        Receiver.call(settings, origin, instance, Call.HTTP).destination();
    return new Names(
        settings,
        meters(settings, Call.HTTP),
        meters(settings, instance.protocol() == Protocol.GRPC ? Call.GRPC : Call.HTTP2),
        origin.caller().map(id -> clientCertificate(destination, id)).orElse(null),
        new Authorisation.Ends(
            origin.caller().map(SpiffeId::uri).orElse(""), origin.address(), destination.uri()));
  }

  /** As Envoy writes it; without a hash where the caller's identity is the kernel's word. */
  private String clientCertificate(SpiffeId.Service destination, SpiffeId caller) {
    String hash = origin.certificate().map(sha256 -> ";Hash=" + sha256).orElse("");
    return "By=" + destination.uri() + hash + ";URI=" + caller.uri();
  }

  private HttpMeters meters(MeshSettings settings, String protocol) {
    return new HttpMeters(
        receiver.telemetry().metrics(), Receiver.call(settings, origin, instance, protocol));
  }

  /**
   * Opens a stream to the application.
   *
   * @param http2 whether it speaks HTTP/2
   * @param fresh whether a connection that was used before will not do
   */
  void open(boolean http2, boolean fresh, HttpStream.Observer observer) {
    upstreams.application(application, http2, fresh, observer);
  }

  @Override
  public HttpExchange exchange(HttpCaller caller, HttpRequest head) {
    return new InboundExchange(caller, head, this);
  }

  @Override
  public void refused(Failure failure) {
    receiver.telemetry().refused("inbound", origin.address(), failure);
  }
}
