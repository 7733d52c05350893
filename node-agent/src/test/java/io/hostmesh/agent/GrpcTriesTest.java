package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.grpc.testing.integration.EmptyProtos.Empty;
import io.grpc.testing.integration.TestServiceGrpc;
import io.hostmesh.model.Protocol;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tries of gRPC calls, with gRPC's own client and server. */
@Timeout(60)
class GrpcTriesTest {
  private static final Metadata.Key<String> ATTEMPT =
      Metadata.Key.of("x-envoy-attempt-count", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> TIMEOUT =
      Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);

  /** What the next calls end with; OK when it is empty. */
  private final ConcurrentLinkedQueue<Status> answers = new ConcurrentLinkedQueue<>();

  private final List<Metadata> seen = new CopyOnWriteArrayList<>();
  private volatile boolean headFirst;
  private TestMesh mesh;
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    mesh = new TestMesh();
    server =
        NettyServerBuilder.forPort(0)
            .addService(new Moody())
            .intercept(new Watch())
            .build()
            .start();
    mesh.service(mesh.h2, "moody", "m1", Protocol.GRPC, server.getPort(), "v1");
    mesh.service(mesh.h2, "moody", "m2", Protocol.GRPC, server.getPort(), "v1");
    channel = NettyChannelBuilder.forAddress(mesh.h1.to("moody")).usePlaintext().build();
    mesh.route(
        "moody",
        """
        rules = [ { to = [ {} ]
          retry { attempts = 3, on = [ unavailable, resource-exhausted ] } } ]
        """);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
    mesh.close();
  }

  private final class Moody extends TestServiceGrpc.TestServiceImplBase {
    @Override
    public void emptyCall(Empty request, StreamObserver<Empty> answer) {
      Status next = answers.poll();
      if (next == null) {
        answer.onNext(Empty.getDefaultInstance());
        answer.onCompleted();
      } else if (next.getCode() != Status.Code.CANCELLED) { // Which hangs here.
        answer.onError(next.asRuntimeException());
      }
    }
  }

  private final class Watch implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      seen.add(headers);
      if (headFirst) {
        call.sendHeaders(new Metadata());
      }
      return next.startCall(
          new SimpleForwardingServerCall<Q, A>(call) {
            @Override
            public void sendHeaders(Metadata head) {
              if (!headFirst) {
                super.sendHeaders(head);
              }
            }
          },
          headers);
    }
  }

  private TestServiceGrpc.TestServiceBlockingStub stub() {
    return TestServiceGrpc.newBlockingStub(channel);
  }

  private List<String> attempts() {
    return seen.stream().map(headers -> String.valueOf(headers.get(ATTEMPT))).toList();
  }

  @Test
  void whatIsUnavailableTwiceAnswersAtTheThirdTry() {
    answers.add(Status.UNAVAILABLE);
    answers.add(Status.RESOURCE_EXHAUSTED);
    assertThat(stub().emptyCall(Empty.getDefaultInstance())).isNotNull();
    assertThat(attempts()).containsExactly("1", "2", "3");
  }

  @Test
  void aStatusBehindTheHeadIsRetriedToo() {
    headFirst = true;
    answers.add(Status.UNAVAILABLE);
    assertThat(stub().emptyCall(Empty.getDefaultInstance())).isNotNull();
    assertThat(attempts()).containsExactly("1", "2");
  }

  @Test
  void theLastStatusIsTheCallers() {
    for (int i = 0; i < 5; i++) {
      answers.add(Status.UNAVAILABLE.withDescription("busy " + i));
    }
    assertThatThrownBy(() -> stub().emptyCall(Empty.getDefaultInstance()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessage("UNAVAILABLE: busy 2");
    assertThat(attempts()).hasSize(3);
  }

  @Test
  void aCodeThatIsNotNamedIsNotRetried() {
    answers.add(Status.INVALID_ARGUMENT);
    assertThatThrownBy(() -> stub().emptyCall(Empty.getDefaultInstance()))
        .hasMessageContaining("INVALID_ARGUMENT");
    assertThat(attempts()).hasSize(1);
  }

  @Test
  void theDeadlineIsTheCallersAndTheServiceLearnsWhatIsLeft() {
    mesh.route("moody", "rules = [ { to = [ {} ], timeout = 10s } ]");
    answers.add(Status.CANCELLED);
    assertThatThrownBy(
            () ->
                stub()
                    .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
                    .emptyCall(Empty.getDefaultInstance()))
        .hasMessageContaining("DEADLINE_EXCEEDED");
    assertThat(seen.getFirst().get(TIMEOUT)).isNotNull();
  }

  @Test
  void aFaultIsAStatusOfGrpc() {
    mesh.route(
        "moody", "rules = [ { to = [ {} ], fault { abort { status = 503, grpc-status = 8 } } } ]");
    assertThatThrownBy(() -> stub().emptyCall(Empty.getDefaultInstance()))
        .hasMessageContaining("RESOURCE_EXHAUSTED");
    assertThat(seen).isEmpty();
  }
}
