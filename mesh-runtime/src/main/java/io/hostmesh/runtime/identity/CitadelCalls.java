package io.hostmesh.runtime.identity;

import com.google.protobuf.Message;
import io.hostmesh.api.Methods;
import io.hostmesh.runtime.HostPort;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.client.InvalidStatusException;
import io.vertx.grpc.common.GrpcStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls of citadel at its addresses: stays with one until that one fails, and says in {@link
 * CitadelException} why a call came to nothing. Safe for any thread.
 */
final class CitadelCalls {
  private static final System.Logger LOG = System.getLogger(CitadelCalls.class.getName());

  private final List<HostPort> addresses;
  private final Duration limit;
  private int preferred;

  /**
   * @param limit of one call at one address
   */
  CitadelCalls(List<HostPort> addresses, Duration limit) {
    this.addresses = addresses;
    this.limit = limit;
  }

  /** Asks the preferred address, then the others, each once. */
  <Q extends Message, R extends Message> Future<R> call(
      GrpcClient grpc, Methods.Method<Q, R> method, Q request) {
    return call(grpc, method, request, addresses.size());
  }

  private <Q extends Message, R extends Message> Future<R> call(
      GrpcClient grpc, Methods.Method<Q, R> method, Q request, int addressesLeft) {
    HostPort address = preferred();
    return grpc.request(address(address), method.client())
        .compose(call -> call.timeout(limit.toMillis(), TimeUnit.MILLISECONDS).send(request))
        .compose(response -> last(response, method))
        .timeout(limit.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            failure -> {
              CitadelException explained = explain(failure, address);
              if (explained.kind() != CitadelException.Kind.UNREACHABLE) {
                return Future.failedFuture(explained);
              }
              failed(address);
              return addressesLeft > 1
                  ? call(grpc, method, request, addressesLeft - 1)
                  : Future.failedFuture(explained);
            });
  }

  private static <Q, R> Future<R> last(
      GrpcClientResponse<Q, R> response, Methods.Method<?, ?> method) {
    return response
        .last()
        .recover(
            failure ->
                Future.failedFuture(
                    failure instanceof InvalidStatusException refused
                        ? refusal(refused.actualStatus(), response.statusMessage(), method)
                        : failure));
  }

  private static CitadelException refusal(
      GrpcStatus status, @Nullable String message, Methods.Method<?, ?> method) {
    boolean joining = method.equals(Methods.JOIN) || method.equals(Methods.CHALLENGE);
    CitadelException.Kind kind =
        switch (status) {
          case UNAUTHENTICATED, ALREADY_EXISTS, INVALID_ARGUMENT ->
              joining ? CitadelException.Kind.TOKEN : CitadelException.Kind.NOT_ACCEPTED;
          case PERMISSION_DENIED ->
              joining ? CitadelException.Kind.TOKEN : CitadelException.Kind.NOT_ENTITLED;
          default -> CitadelException.Kind.FAILED;
        };
    return new CitadelException(
        kind, message == null || message.isEmpty() ? "citadel answered " + status : message);
  }

  private CitadelException explain(Throwable failure, HostPort address) {
    if (failure instanceof CitadelException known) {
      return known;
    }
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new CitadelException(
        CitadelException.Kind.UNREACHABLE,
        "citadel at " + address + " cannot be asked: " + reason.replace('\n', ' '),
        failure);
  }

  /**
   * Opens a stream at the preferred address.
   *
   * @param run until the stream's end; where it fails, another address is preferred
   */
  <Q extends Message, R extends Message> Future<Void> stream(
      GrpcClient grpc,
      Methods.Method<Q, R> method,
      Function<GrpcClientRequest<Q, R>, Future<Void>> run) {
    HostPort address = preferred();
    return grpc.request(address(address), method.client())
        .compose(run)
        .onFailure(
            failure -> {
              LOG.log(
                  System.Logger.Level.DEBUG, method.name() + " stream from " + address, failure);
              failed(address);
            });
  }

  private static SocketAddress address(HostPort address) {
    return SocketAddress.inetSocketAddress(address.port(), address.host());
  }

  private synchronized HostPort preferred() {
    return addresses.get(preferred);
  }

  private synchronized void failed(HostPort address) {
    if (address.equals(preferred())) {
      preferred = (preferred + 1) % addresses.size();
    }
  }
}
