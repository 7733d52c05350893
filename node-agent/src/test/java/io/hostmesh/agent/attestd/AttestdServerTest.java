package io.hostmesh.agent.attestd;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.workload.AttestdClient;
import io.hostmesh.agent.workload.Question;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.agent.workload.SocketHolders.Holder;
import io.hostmesh.agent.workload.SocketQuestion;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The helper's door and whoever knocks at it. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class AttestdServerTest {
  private static final SocketQuestion QUESTION =
      new SocketQuestion(
          SocketQuestion.About.CONNECTION,
          false,
          new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 1),
          new InetSocketAddress(InetAddress.ofLiteral("10.0.0.2"), 2));
  private static final SocketHolders NGINX =
      new SocketHolders.Known(
          7, 33, 5, List.of(new Holder(1, 2, 33, 33, "/usr/sbin/nginx", Optional.empty())));

  @TempDir Path folder;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final EventLoop loop = loops.next();

  @AfterEach
  void end() {
    vertx.close().await();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private Path socket() {
    return folder.resolve("attestd.sock");
  }

  private AttestdServer serve(IntPredicate allowed, Function<Question, SocketHolders> answers) {
    AttestdServer server = new AttestdServer(vertx, allowed, answers);
    server.listen(socket());
    return server;
  }

  private SocketHolders ask(AttestdClient client) throws Exception {
    CompletableFuture<SocketHolders> answer = new CompletableFuture<>();
    loop.execute(() -> client.find(QUESTION, loop, answer::complete));
    return answer.get(20, TimeUnit.SECONDS);
  }

  private byte[] say(byte[] question) throws Exception {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket()));
      channel.write(ByteBuffer.wrap(question));
      ByteBuffer answer = ByteBuffer.allocate(SocketHolders.MOST_BYTES + 1);
      while (channel.read(answer) >= 0) {
        // Until it closes.
      }
      return java.util.Arrays.copyOf(answer.array(), answer.position());
    }
  }

  @Test
  void theAgentAsksAndIsAnswered() throws Exception {
    AttestdClient client = new AttestdClient(socket());
    assertThat(client.problem().orElseThrow()).contains("systemctl enable --now hostmesh-attestd");
    assertThat(ask(client)).isInstanceOf(SocketHolders.Unknown.class);
    try (AttestdServer _ =
        serve(_ -> true, asked -> asked.equals(QUESTION) ? NGINX : new SocketHolders.Unknown(""))) {
      assertThat(ask(client)).isEqualTo(NGINX);
      assertThat(client.problem()).isEmpty();
    }
  }

  @Test
  void nobodyElseIsAnswered() throws Exception {
    try (AttestdServer _ = serve(uid -> uid == 4242, _ -> NGINX)) {
      assertThat(ask(new AttestdClient(socket()))).isInstanceOf(SocketHolders.Unknown.class);
    }
  }

  @Test
  void whatIsNoQuestionIsNotLookedAt() throws Exception {
    CountDownLatch looked = new CountDownLatch(1);
    try (AttestdServer _ =
        serve(
            _ -> true,
            _ -> {
              looked.countDown();
              return NGINX;
            })) {
      byte[] wrong = QUESTION.encoded();
      wrong[3] = 9;
      assertThat(SocketHolders.decode(say(wrong)))
          .isEqualTo(new SocketHolders.Unknown("hostmesh-attestd: not a question of this version"));
      assertThat(SocketHolders.decode(say(new byte[10_000])))
          .isInstanceOf(SocketHolders.Unknown.class);
      assertThat(say(new byte[3])).as("hung up on whoever is not done in 2 s").isEmpty();
      assertThat(looked.getCount()).isEqualTo(1);
    }
  }

  @Test
  void aHelperThatHangsHoldsUpNobodyForLong() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (AttestdServer _ =
        serve(
            _ -> true,
            _ -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return NGINX;
            })) {
      assertThat(ask(new AttestdClient(socket())))
          .isEqualTo(new SocketHolders.Unknown("hostmesh-attestd did not answer in time"));
      go.countDown();
    }
  }
}
