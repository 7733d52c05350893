package io.hostmesh.agent.local;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.SocketAddress;
import io.vertx.grpc.client.GrpcClient;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The gRPC health checking protocol: {@code grpc.health.v1.Health/Check}, a request with one string
 * and a response with one enum, both field 1.
 */
final class GrpcHealth {
  private static final ServiceName HEALTH = ServiceName.create("grpc.health.v1.Health");
  private static final int SERVING = 1;

  private GrpcHealth() {}

  static Future<Void> check(
      GrpcClient client, SocketAddress server, String service, Duration timeout) {
    return client
        .request(server)
        .compose(
            request ->
                request
                    .serviceName(HEALTH)
                    .methodName("Check")
                    .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .send(request(service)))
        .compose(GrpcHealth::judge);
  }

  private static Future<Void> judge(GrpcClientResponse<Buffer, Buffer> response) {
    return response
        .last()
        .compose(
            message ->
                message == null
                    ? Future.failedFuture("gRPC status " + status(response))
                    : judge(message.getBytes()));
  }

  private static String status(GrpcClientResponse<Buffer, Buffer> response) {
    GrpcStatus status = response.status();
    return status == null ? "unknown" : status.toString();
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
