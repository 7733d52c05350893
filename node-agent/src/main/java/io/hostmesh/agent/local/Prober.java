package io.hostmesh.agent.local;

import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks instances of this host whether they are well. Asks from 127.0.0.6, as calls arrive too: an
 * application that trusts 127.0.0.1 is asked like by anyone else. What the agent itself sends is
 * never captured.
 */
final class Prober implements AutoCloseable {
  private static final String FROM = "127.0.0.6";
  private static final int CONNECT_MILLIS = 10_000; // The check's own timeout is the shorter one.

  /** Judges a fresh connection to the application before anything is asked. */
  @FunctionalInterface
  interface Gate {
    /**
     * @return who listens there instead, as a sentence
     */
    Optional<String> refusal(InetSocketAddress local, InetSocketAddress remote);
  }

  private final HttpClient http;
  private final HttpClient http6;
  private final TcpProbe tcp;
  private final GrpcClient grpc;
  private final GrpcClient grpc6;

  Prober(Vertx vertx) {
    HttpClientOptions options =
        new HttpClientOptions().setKeepAlive(false).setConnectTimeout(CONNECT_MILLIS);
    PoolOptions pool = new PoolOptions().setHttp1MaxSize(64);
    http6 = vertx.createHttpClient(options, pool);
    http = vertx.createHttpClient(new HttpClientOptions(options).setLocalAddress(FROM), pool);
    tcp = new TcpProbe((VertxInternal) vertx);
    HttpClientOptions http2 =
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setHttp2ClearTextUpgrade(false)
            .setConnectTimeout(CONNECT_MILLIS);
    grpc6 = GrpcClient.client(vertx, http2);
    grpc = GrpcClient.client(vertx, new HttpClientOptions(http2).setLocalAddress(FROM));
  }

  /**
   * Asks once.
   *
   * @return fails with the reason where the instance is not well or does not answer in time
   */
  Future<Void> probe(CheckKind kind, InetSocketAddress application, Duration timeout, Gate gate) {
    boolean four = application.getAddress() instanceof Inet4Address;
    SocketAddress server =
        SocketAddress.inetSocketAddress(
            application.getPort(), application.getAddress().getHostAddress());
    Future<Void> answer =
        switch (kind) {
          case CheckKind.Http(String path) ->
              http(four ? http : http6, server, path, timeout, gate);
          case CheckKind.Tcp() -> tcp.ask(application, four ? FROM : null, timeout, gate);
          case CheckKind.Grpc(String service) ->
              GrpcHealth.check(
                  four ? grpc : grpc6,
                  server,
                  service,
                  timeout,
                  connection -> owned(gate, connection.localAddress(), connection.remoteAddress()));
          case CheckKind.Command(var command) -> command(new CommandProbe(command, timeout));
        };
    return answer.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS).recover(Prober::explain);
  }

  private static Future<Void> http(
      HttpClient client, SocketAddress server, String path, Duration timeout, Gate gate) {
    RequestOptions request =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setServer(server)
            .setHost(server.hostAddress())
            .setPort(server.port())
            .setURI(path)
            .setConnectTimeout(timeout.toMillis())
            .setIdleTimeout(timeout.toMillis())
            .putHeader("user-agent", "hostmesh-agent");
    return client
        .request(request)
        .compose(
            sent ->
                owned(gate, sent.connection().localAddress(), sent.connection().remoteAddress())
                    .compose(_ -> sent.send())
                    .compose(Prober::judge)
                    .onComplete(_ -> sent.connection().close()));
  }

  /** A port that someone else has taken is not the instance's, whatever it answers. */
  private static Future<Void> owned(Gate gate, SocketAddress local, SocketAddress remote) {
    return gate.refusal(inet(local), inet(remote))
        .<Future<Void>>map(Future::failedFuture)
        .orElseGet(Future::succeededFuture);
  }

  private static InetSocketAddress inet(SocketAddress address) {
    return new InetSocketAddress(InetAddress.ofLiteral(address.hostAddress()), address.port());
  }

  private static Future<Void> judge(HttpClientResponse response) {
    int status = response.statusCode();
    return status >= 200 && status < 300
        ? Future.succeededFuture()
        : Future.failedFuture("status " + status + " " + response.statusMessage());
  }

  /** On a virtual thread: a command may take its time, and the loops must not. */
  private static Future<Void> command(CommandProbe probe) {
    Promise<Void> done = Promise.promise();
    Thread.ofVirtual()
        .name("check")
        .start(() -> probe.run().ifPresentOrElse(done::fail, done::complete));
    return done.future();
  }

  private static Future<Void> explain(Throwable failure) {
    if (failure instanceof TimeoutException || failure instanceof ConnectTimeoutException) {
      return Future.failedFuture("no answer in time");
    }
    if (failure instanceof ConnectException) {
      return Future.failedFuture("connection refused");
    }
    String message = failure.getMessage();
    return Future.failedFuture(message == null ? failure.toString() : message);
  }

  @Override
  public void close() {
    http.close();
    http6.close();
    grpc.close();
    grpc6.close();
  }
}
