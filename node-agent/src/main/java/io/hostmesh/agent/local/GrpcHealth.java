package io.hostmesh.agent.local;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.client.InvalidStatusException;
import io.vertx.grpc.common.ServiceName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The gRPC health checking protocol: {@code grpc.health.v1.Health/Check}, a request with one string
 * and a response with one enum, both field 1.
 */
final class GrpcHealth {
  private static final ServiceName HEALTH = ServiceName.create("grpc.health.v1.Health");
  private static final int SERVING = 1;

  private GrpcHealth() {}

  /**
   * @param gate judges the connection before anything is sent on it; its failure is the check's
   */
  static Future<Void> check(
      GrpcClient client,
      SocketAddress server,
      String service,
      Duration timeout,
      Function<HttpConnection, Future<Void>> gate) {
    return client
        .request(server)
        .compose(
            request ->
                gate.apply(request.connection())
                    .onFailure(_ -> request.cancel())
                    .compose(_ -> send(request, service, timeout)))
        .compose(GrpcClientResponse::last)
        .compose(
            message -> judge(message.getBytes()),
            failure ->
                Future.failedFuture(
                    failure instanceof InvalidStatusException invalid
                        ? "gRPC status " + invalid.actualStatus().name()
                        : String.valueOf(failure.getMessage())));
  }

  private static Future<GrpcClientResponse<Buffer, Buffer>> send(
      GrpcClientRequest<Buffer, Buffer> request, String service, Duration timeout) {
    return request
        .serviceName(HEALTH)
        .methodName("Check")
        .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
        .send(request(service));
  }

  private static Future<Void> judge(byte[] message) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(message);
      int serving = 0;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) == 1
            && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
          serving = in.readEnum();
        } else {
          in.skipField(tag);
        }
      }
      return serving == SERVING
          ? Future.succeededFuture()
          : Future.failedFuture(serving == 2 ? "NOT_SERVING" : "serving status " + serving);
    } catch (IOException e) {
      return Future.failedFuture("its answer is not readable: " + e.getMessage());
    }
  }

  private static Buffer request(String service) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      if (!service.isEmpty()) {
        out.writeString(1, service);
      }
      out.flush();
      return Buffer.buffer(bytes.toByteArray());
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory", e);
    }
  }
}
