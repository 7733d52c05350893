package io.hostmesh.agent.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.balance.Member;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.agent.discovery.Endpoint;
import io.hostmesh.agent.protocol.HttpStream;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.tries.Tries;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RetryConditions;
import io.hostmesh.model.rules.RetryPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tries of one request, on a clock that the test moves. */
class TriedStreamTest {
  private static final ServiceName SHOP = ServiceName.of("shop");
  private static final Duration PER_TRY = Duration.ofMillis(500);

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<ByteBuf> buffers = new ArrayList<>();
  private final Load load = new Load(SHOP, () -> Load.Bounds.DEFAULT);
  private final Caller caller = new Caller();
  private final Instances road = new Instances();

  /** The exchange. */
  private static final class Caller implements HttpStream.Observer {
    final List<String> got = new ArrayList<>();
    @Nullable Failure failure;

    Failure failure() {
      return java.util.Objects.requireNonNull(failure);
    }

    @Override
    public void opened(HttpStream opened) {}

    @Override
    public void response(HttpObject part) {
      if (part instanceof HttpResponse head) {
        got.add(String.valueOf(head.status().code()));
      }
      if (part instanceof HttpContent content && content.content().isReadable()) {
        got.add(content.content().toString(StandardCharsets.US_ASCII));
      }
      if (part instanceof LastHttpContent) {
        got.add("end");
      }
      ReferenceCountUtil.release(part);
    }

    @Override
    public void responseBatchEnd() {}

    @Override
    public void streamWritable() {}

    @Override
    public boolean accepting() {
      return true;
    }

    @Override
    public void failed(Failure why, boolean unsent) {
      assertThat(unsent).as("whoever failed this often is not tried by the exchange").isFalse();
      failure = why;
    }
  }

  /** One try, as its instance sees it. */
  private static final class Sent implements HttpStream {
    final HttpRequest head;
    final HttpStream.Observer observer;
    final StringBuilder body = new StringBuilder();
    boolean ended;
    boolean cancelled;

    Sent(HttpRequest head, HttpStream.Observer observer) {
      this.head = head;
      this.observer = observer;
    }

    @Override
    public void write(HttpObject part) {
      assertThat(cancelled).isFalse();
      if (part instanceof HttpContent content) {
        body.append(content.content().toString(StandardCharsets.US_ASCII));
        ended |= part instanceof LastHttpContent;
        content.release();
      }
    }

    @Override
    public void flush() {}

    @Override
    public boolean writable() {
      return true;
    }

    @Override
    public void read() {}

    @Override
    public void cancel() {
      cancelled = true;
    }

    String attempt() {
      return head.headers().get("x-envoy-attempt-count");
    }

    void opened() {
      observer.opened(this);
    }

    void answer(int status, String... headers) {
      head(status, headers);
      end("");
    }

    void head(int status, String... headers) {
      HttpResponse response =
          new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
      for (int i = 0; i < headers.length; i += 2) {
        response.headers().set(headers[i], headers[i + 1]);
      }
      observer.response(response);
    }

    void end(String body, String... trailers) {
      if (!body.isEmpty()) {
        observer.response(new DefaultHttpContent(text(body)));
      }
      LastHttpContent last = new DefaultLastHttpContent();
      for (int i = 0; i < trailers.length; i += 2) {
        last.trailingHeaders().set(trailers[i], trailers[i + 1]);
      }
      observer.response(last);
      observer.responseBatchEnd();
    }

    void fails(Failure.Kind kind, boolean unsent) {
      observer.failed(new Failure(kind, "it " + kind), unsent);
    }

    private static ByteBuf text(String text) {
      return io.netty.buffer.Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }
  }

  private static final class Instances implements TriedStream.Road {
    final List<Sent> sent = new ArrayList<>();
    final List<Member> members = new ArrayList<>();

    /** What instances are told of how they did: what they answered, and how they broke off. */
    final List<String> told = new ArrayList<>();

    /** Of tries that are over, whether they say how fast their instance is. */
    final List<String> timed = new ArrayList<>();

    int under;
    int most = 10;
    boolean opening = true;

    Members.Candidate candidate() {
      Member member = new Member();
      members.add(member);
      under++;
      InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);
      return new Members.Candidate(
          new Endpoint(SHOP, "i" + members.size(), "h", at, Optional.of(at), true, Map.of()),
          member);
    }

    @Override
    public Resolution.Next another(boolean orAny) {
      return members.size() < most
          ? new Resolution.Next.To(candidate())
          : new Resolution.Next.None(
              new Failure(Failure.Kind.NO_HEALTHY_ENDPOINT, "there is none"));
    }

    @Override
    public void open(Members.Candidate to, HttpRequest head, HttpStream.Observer attempt) {
      Sent one = new Sent(head, attempt);
      sent.add(one);
      if (opening) {
        one.opened();
      }
    }

    @Override
    public void broke(Members.Candidate at, Failure why) {
      told.add(at.endpoint().instance() + " " + why.kind());
    }

    @Override
    public void reached(Members.Candidate at) {}

    @Override
    public void answered(Members.Candidate by, int status) {
      told.add(by.endpoint().instance() + " " + status);
    }

    @Override
    public void over(Members.Candidate at, long nanos) {
      under--;
      timed.add(at.endpoint().instance() + (nanos > 0 ? " timed" : " not"));
    }

    @Override
    public void retried(String cause) {}

    @Override
    public void notRetried(Tries.Reason reason) {}

    @Override
    public void hedged(boolean won) {}
  }

  private @Nullable TriedStream stream;

  @BeforeEach
  void freeze() {
    channel.freezeTime();
  }

  @AfterEach
  void nothingStaysBehind() {
    if (stream != null) {
      stream.close();
    }
    assertThat(road.under).as("instances that still count the request").isZero();
    assertThat(load.count(Load.Kind.RETRIES)).as("places in the budget").isZero();
    pass(Duration.ofSeconds(5));
    assertThat(buffers).allSatisfy(buffer -> assertThat(buffer.refCnt()).isZero());
    channel.finishAndReleaseAll();
  }

  private static RetryPolicy policy(int attempts, int bodyLimit, String... on) {
    return new RetryPolicy(
        attempts,
        Optional.of(PER_TRY),
        RetryConditions.parse(List.of(on)),
        Set.of(),
        Set.of(),
        RetryPolicy.Backoff.DEFAULT,
        bodyLimit);
  }

  private TriedStream begin(
      RetryPolicy policy, String method, TriedStream.@Nullable Hedging hedging) {
    boolean grpc = method.equals("GRPC");
    TriedStream begun =
        new TriedStream(
            channel.eventLoop(),
            caller,
            road,
            new Tries(
                policy,
                !grpc && !method.equals("POST"),
                load,
                RandomGenerator.getDefault(),
                () -> Duration.ofSeconds(10).toNanos()),
            grpc,
            hedging);
    stream = begun;
    begun.start(road.candidate());
    begun.write(
        new DefaultHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.valueOf(grpc ? "POST" : method),
            "/",
            new DefaultHttpHeaders()));
    return begun;
  }

  private TriedStream get(RetryPolicy policy, TriedStream.@Nullable Hedging hedging) {
    TriedStream begun = begin(policy, "GET", hedging);
    begun.write(LastHttpContent.EMPTY_LAST_CONTENT);
    begun.flush();
    begun.read();
    return begun;
  }

  private HttpContent part(String text, boolean last) {
    ByteBuf bytes = PooledByteBufAllocator.DEFAULT.buffer();
    bytes.writeCharSequence(text, StandardCharsets.US_ASCII);
    buffers.add(bytes);
    return last ? new DefaultLastHttpContent(bytes) : new DefaultHttpContent(bytes);
  }

  private void pass(Duration time) {
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  /** As long as any pause between two tries. */
  private void pause() {
    pass(Duration.ofMillis(260));
  }

  private Sent sent(int number) {
    assertThat(road.sent).hasSizeGreaterThanOrEqualTo(number);
    return road.sent.get(number - 1);
  }

  @Test
  void anAnswerThatTheRuleRefusesIsNotSeenAndTheNextOneIs() {
    get(policy(3, 1000, "5xx"), null);
    assertThat(sent(1).attempt()).isEqualTo("1");
    sent(1).answer(503);
    assertThat(caller.got).isEmpty();
    pause();
    assertThat(sent(2).attempt()).isEqualTo("2");
    assertThat(sent(2).ended).as("the end of the request goes again").isTrue();
    assertThat(sent(1).cancelled).as("a connection that may have its next request").isFalse();
    sent(2).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
    pause();
    assertThat(road.sent).hasSize(2);
  }

  @Test
  void theLastAnswerIsTheCallersWhateverItIs() {
    TriedStream tried = get(policy(2, 1000, "5xx"), null);
    sent(1).answer(503);
    pause();
    sent(2).head(500);
    sent(2).end("sorry");
    assertThat(caller.got).containsExactly("500", "sorry", "end");
    assertThat(tried.exhausted()).isTrue();
    assertThat(tried.tries()).isEqualTo(2);
  }

  @Test
  void anAnswerThatSaysWhenToComeBackIsTheCallersWhereThatIsTooLong() {
    get(policy(3, 1000, "429"), null);
    sent(1).answer(429, "retry-after", "1");
    pass(ms(999));
    assertThat(road.sent).as("in peace").hasSize(1);
    pass(ms(30));
    sent(2).answer(429, "retry-after", "3600");
    assertThat(caller.got).containsExactly("429", "end");
  }

  @Test
  void theLastFailureSaysHowOftenItWasTried() {
    get(policy(2, 1000, "reset"), null);
    sent(1).fails(Failure.Kind.UPSTREAM_CLOSED, false);
    pause();
    sent(2).fails(Failure.Kind.UPSTREAM_RESET, false);
    assertThat(caller.failure().kind()).isEqualTo(Failure.Kind.RETRIES_EXHAUSTED);
    assertThat(caller.failure().sentence()).isEqualTo("tried 2 times; at last it UPSTREAM_RESET");
  }

  @Test
  void aBodyIsSentAgainFromItsBeginning() {
    TriedStream put = begin(policy(3, 1000, "5xx"), "PUT", null);
    put.write(part("one ", false));
    put.write(part("two ", false));
    sent(1).answer(503);
    assertThat(sent(1).cancelled).as("what gets no more of the request").isTrue();
    pause();
    put.write(part("three", true));
    assertThat(sent(2).body).hasToString("one two three");
    assertThat(sent(2).ended).isTrue();
    sent(2).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void whatComesWhileNoTryIsUnderWayIsForTheNextOne() {
    road.opening = false;
    TriedStream put = begin(policy(3, 1000, "5xx", "connect-failure"), "PUT", null);
    put.write(part("early ", false));
    assertThat(put.writable()).isFalse();
    sent(1).fails(Failure.Kind.CONNECT_FAILED, true);
    put.write(part("late", true));
    sent(2).opened();
    assertThat(sent(2).body).hasToString("early late");
    sent(2).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void aBodyOverTheBoundPassesAndIsNotRepeated() {
    TriedStream put = begin(policy(3, 10, "5xx"), "PUT", null);
    put.write(part("0123456789", false));
    put.write(part("more", false));
    put.write(part("still", true));
    assertThat(sent(1).body).hasToString("0123456789morestill");
    assertThat(buffers).as("nothing is kept of it").allMatch(buffer -> buffer.refCnt() == 0);
    sent(1).answer(503);
    assertThat(caller.got).containsExactly("503", "end");
  }

  @Test
  void aBodyOverTheBoundBeforeTheTryIsOpenPassesWhole() {
    road.opening = false;
    TriedStream put = begin(policy(3, 10, "5xx"), "PUT", null);
    put.write(part("0123456789", false));
    put.write(part("more", false));
    sent(1).opened();
    put.write(part("still", true));
    assertThat(sent(1).body).hasToString("0123456789morestill");
    sent(1).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void aPostIsRepeatedOnlyWhereNoByteOfItWasSeen() {
    road.opening = false;
    TriedStream post = begin(policy(3, 1000, "5xx", "connect-failure", "reset"), "POST", null);
    post.write(part("buy", true));
    sent(1).fails(Failure.Kind.CONNECT_FAILED, true);
    sent(2).opened();
    sent(2).fails(Failure.Kind.UPSTREAM_CLOSED, false);
    assertThat(caller.failure().kind()).isEqualTo(Failure.Kind.UPSTREAM_CLOSED);
    assertThat(road.sent).hasSize(2);
  }

  @Test
  void aTryThatTakesTooLongIsCancelledAndAnotherOneMade() {
    get(policy(2, 1000, "gateway-error"), null);
    pass(PER_TRY.minusMillis(1));
    assertThat(sent(1).cancelled).isFalse();
    pass(Duration.ofMillis(1));
    assertThat(sent(1).cancelled).isTrue();
    pause();
    pass(PER_TRY);
    assertThat(sent(2).cancelled).isTrue();
    assertThat(caller.failure().kind()).as("504, not 503").isEqualTo(Failure.Kind.TIMEOUT);
    assertThat(caller.failure().sentence()).startsWith("tried 2 times; ");
  }

  @Test
  void anAnswerThatHasBegunMayTakeLongerThanATry() {
    get(policy(2, 1000, "gateway-error"), null);
    sent(1).head(200);
    pass(PER_TRY.multipliedBy(3));
    sent(1).end("slow");
    assertThat(caller.got).containsExactly("200", "slow", "end");
  }

  @Test
  void anAnswerThatBreaksOffInTheMiddleIsTheCallersToSee() {
    get(policy(2, 1000, "reset"), null);
    sent(1).head(200);
    sent(1).fails(Failure.Kind.UPSTREAM_RESET, false);
    assertThat(caller.failure().kind()).isEqualTo(Failure.Kind.UPSTREAM_RESET);
    assertThat(road.sent).hasSize(1);
  }

  @Test
  void aCallerThatGoesEndsAllTries() {
    TriedStream tried = get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(50));
    assertThat(road.sent).hasSize(2);
    tried.cancel();
    assertThat(sent(1).cancelled && sent(2).cancelled).isTrue();
    assertThat(road.under).isZero();
  }

  @Test
  void aCallerThatGoesDuringAPauseLeavesNothingBehind() {
    TriedStream tried = get(policy(3, 1000, "5xx"), null);
    sent(1).answer(503);
    tried.cancel();
    pass(Duration.ofSeconds(1));
    assertThat(road.sent).hasSizeLessThanOrEqualTo(2);
    assertThat(caller.got).isEmpty();
  }

  @Test
  void aStreamThatOpensTooLateIsCancelled() {
    road.opening = false;
    TriedStream tried = get(policy(3, 1000, "5xx"), null);
    tried.cancel();
    sent(1).opened();
    assertThat(sent(1).cancelled).isTrue();
  }

  // What instances are told.

  @Test
  void anAnswerThatBreaksOffIsToldAsThatAndNotAsTheStatusThatItBeganWith() {
    TriedStream tried = get(policy(2, 1000, "reset"), null);
    sent(1).head(200);
    sent(1).fails(Failure.Kind.UPSTREAM_RESET, false);
    tried.answered(200); // The exchange ends with the status that its caller saw.
    assertThat(road.told).containsExactly("i1 UPSTREAM_RESET");
  }

  @Test
  void whoeverHasTheRequestWhenItsTimeIsOverHasNotAnsweredIt() {
    TriedStream tried = get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(50));
    tried.late(new Failure(Failure.Kind.TIMEOUT, "too late"));
    assertThat(road.told).containsExactly("i1 TIMEOUT", "i2 TIMEOUT");
  }

  @Test
  void aTryWithoutAnAnswerDoesNotMakeItsInstanceLookFast() {
    road.opening = false;
    get(policy(3, 1000, "connect-failure"), null);
    sent(1).fails(Failure.Kind.CONNECT_FAILED, true);
    sent(2).opened();
    sent(2).answer(200);
    java.util.Objects.requireNonNull(stream).close();
    assertThat(road.timed).containsExactly("i1 not", "i2 timed");
  }

  @Test
  void aTryThatACopyOvertookIsKnownToBeSlower() {
    get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(50));
    sent(2).answer(200);
    java.util.Objects.requireNonNull(stream).close();
    assertThat(road.timed).containsExactly("i1 timed", "i2 timed");
  }

  @Test
  void aTryThatWasLateWhileItsConnectionWasOpenedIsRepeatedWhateverItsMethod() {
    road.opening = false;
    TriedStream post = begin(policy(3, 1000, "reset"), "POST", null);
    post.write(part("buy", true));
    pass(PER_TRY);
    assertThat(road.sent).as("nothing was sent").hasSize(2);
    sent(2).opened();
    assertThat(sent(2).body).hasToString("buy");
    sent(1).opened();
    assertThat(sent(1).cancelled).isTrue();
    pass(PER_TRY);
    assertThat(road.sent).as("the second one has the request").hasSize(2);
    assertThat(caller.failure().kind()).isEqualTo(Failure.Kind.TIMEOUT);
  }

  // gRPC.

  @Test
  void aCallThatEndsWithItsHeadIsTriedAgain() {
    TriedStream call = begin(policy(3, 1000, "unavailable"), "GRPC", null);
    call.write(part("message", true));
    sent(1).answer(200, "grpc-status", "14");
    pause();
    assertThat(sent(2).body).hasToString("message");
    sent(2).answer(200, "grpc-status", "0");
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void aCallWhoseStatusComesBehindItsHeadIsTriedAgainBeforeTheCallerSawAnyOfIt() {
    TriedStream call = begin(policy(3, 1000, "unavailable"), "GRPC", null);
    call.write(part("message", true));
    sent(1).head(200);
    assertThat(caller.got).isEmpty();
    sent(1).end("", "grpc-status", "14");
    assertThat(caller.got).isEmpty();
    pause();
    sent(2).head(200);
    sent(2).end("result", "grpc-status", "14");
    assertThat(caller.got).as("a message is the caller's").containsExactly("200", "result", "end");
  }

  @Test
  void aCallWhoseStatusComesLaterThanItsHeadIsTriedAgain() {
    TriedStream call = begin(policy(3, 1000, "unavailable"), "GRPC", null);
    call.write(part("message", true));
    sent(1).head(200);
    sent(1).observer.responseBatchEnd();
    pass(PER_TRY.multipliedBy(2));
    assertThat(sent(1).cancelled).as("an answer that has begun may take longer").isFalse();
    sent(1).end("", "grpc-status", "14");
    assertThat(caller.got).isEmpty();
    pause();
    sent(2).head(200);
    sent(2).observer.responseBatchEnd();
    sent(2).observer.response(new DefaultHttpContent(Sent.text("")));
    assertThat(caller.got).as("no message yet").isEmpty();
    sent(2).observer.response(new DefaultHttpContent(Sent.text("first")));
    assertThat(caller.got).containsExactly("200", "first");
    sent(2).end("second", "grpc-status", "14");
    assertThat(caller.got).containsExactly("200", "first", "second", "end");
  }

  @Test
  void aHeadOfADialogueThatNothingFollowsAtOnceIsNotHeldBack() {
    TriedStream call = begin(policy(3, 1000, "unavailable"), "GRPC", null);
    sent(1).head(200);
    sent(1).observer.responseBatchEnd();
    assertThat(caller.got).containsExactly("200");
    call.write(part("message", true));
    assertThat(sent(1).body).as("of a dialogue").hasToString("message");
  }

  // Answers before the answer.

  @Test
  void theWordToGoOnIsSaidOnce() {
    TriedStream put = begin(policy(3, 1000, "5xx"), "PUT", null);
    sent(1).head(100);
    put.write(part("body", true));
    sent(1).answer(503);
    pause();
    sent(2).head(100);
    sent(2).answer(200);
    assertThat(caller.got).containsExactly("100", "200", "end");
  }

  // Hedging.

  private static Duration ms(int millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void aSlowTryGetsCompanyAndTheFirstGoodAnswerWins() {
    get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(49));
    assertThat(road.sent).hasSize(1);
    pass(ms(1));
    assertThat(road.sent).hasSize(2);
    assertThat(load.count(Load.Kind.RETRIES)).isEqualTo(1);
    pass(ms(200));
    assertThat(road.sent).as("at most one").hasSize(2);
    sent(2).answer(200);
    assertThat(sent(1).cancelled).isTrue();
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void aBadAnswerDoesNotWinWhileAnotherTryIsUnderWay() {
    get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(50));
    sent(2).answer(503);
    assertThat(caller.got).isEmpty();
    sent(1).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
    pause();
    assertThat(road.sent).hasSize(2);
  }

  @Test
  void whereAllTriesFailTheRuleForRetriesHolds() {
    get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    pass(ms(50));
    sent(1).fails(Failure.Kind.UPSTREAM_RESET, false);
    sent(2).answer(503);
    pause();
    assertThat(road.sent).hasSize(3);
    sent(3).answer(200);
    assertThat(caller.got).containsExactly("200", "end");
  }

  @Test
  void aRequestThatIsNotWholeIsNotHedged() {
    TriedStream put = begin(policy(3, 1000, "5xx"), "PUT", new TriedStream.Hedging(ms(50), 1));
    put.write(part("slow ", false));
    pass(ms(120));
    assertThat(road.sent).hasSize(1);
    put.write(part("upload", true));
    pass(ms(50));
    assertThat(road.sent).hasSize(2);
    assertThat(sent(2).body).hasToString("slow upload");
    sent(1).answer(200);
    assertThat(sent(2).cancelled).isTrue();
  }

  @Test
  void aFastAnswerIsNotHedged() {
    get(policy(3, 1000, "5xx"), new TriedStream.Hedging(ms(50), 1));
    sent(1).answer(200);
    pass(ms(500));
    assertThat(road.sent).hasSize(1);
  }
}
