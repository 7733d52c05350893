package io.hostmesh.runtime.admin;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a daemon of this host over its {@link AdminServer}. Blocking: for the command line and
 * tests.
 */
public final class AdminClient implements AutoCloseable {
  private final HttpClient http;
  private final Path socket;
  private final String daemon;

  /**
   * @param daemon whose socket it is, for messages, for instance "pilot"
   */
  public AdminClient(Vertx vertx, Path socket, String daemon) {
    this.http = vertx.createHttpClient(new HttpClientOptions().setConnectTimeout(5_000));
    this.socket = socket;
    this.daemon = daemon;
  }

  /**
   * @param pathAndQuery for instance {@code /v1/rules?dry-run=true}
   * @throws UserError where the daemon is not there, or says that the request is wrong
   */
  public JsonObject ask(HttpMethod method, String pathAndQuery, Buffer body, Duration limit) {
    if (!Files.exists(socket)) {
      throw new UserError(
          daemon
              + " is not running here: there is no "
              + socket
              + "; start it, or name its folder");
    }
    RequestOptions options =
        new RequestOptions()
            .setMethod(method)
            .setURI(pathAndQuery)
            .setHost("localhost")
            .setServer(SocketAddress.domainSocketAddress(socket.toString()));
    Future<JsonObject> answer =
        http.request(options).compose(request -> request.send(body)).compose(this::read);
    try {
      return answer
          .toCompletionStage()
          .toCompletableFuture()
          .get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof UserError refused) {
        throw refused;
      }
      throw new UserError(
          daemon
              + " does not answer at "
              + socket
              + " ("
              + cause.getMessage()
              + "); is it running?",
          cause);
    } catch (TimeoutException e) {
      throw new UserError(daemon + " did not answer within " + limit.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("interrupted", e);
    }
  }

  private Future<JsonObject> read(HttpClientResponse response) {
    return response
        .body()
        .compose(
            buffer -> {
              JsonObject json = buffer.toJsonObject();
              return response.statusCode() == 200
                  ? Future.succeededFuture(json)
                  : Future.failedFuture(new UserError(json.getString("error", "refused")));
            });
  }

  @Override
  public void close() {
    http.close();
  }
}
