package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.CheckState;
import io.hostmesh.agent.balance.Members.Candidate;
import io.hostmesh.agent.inbound.InProcess;
import io.hostmesh.agent.protocol.ByteStream;
import io.hostmesh.agent.telemetry.Call;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.agent.upstream.UpstreamException;
import io.hostmesh.agent.upstream.Upstreams;
import io.hostmesh.model.rules.ActiveCheck;
import io.hostmesh.model.rules.ActiveCheck.Question;
import io.netty.util.concurrent.Promise;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Asks one instance all that its service's rule wants to be asked, again and again. */
final class HealthProbe {
  private static final System.Logger LOG = System.getLogger(HealthProbe.class.getName());

  private final List<ActiveCheck> checks;
  private final CheckCallers callers;
  private final Upstreams upstreams;
  private final Sender sender;
  private volatile Candidate who;
  private volatile String refusal = "";

  // The loop's own.
  private final Map<ActiveCheck, CheckState> states = new HashMap<>();
  private boolean stopped;

  HealthProbe(
      Candidate who,
      List<ActiveCheck> checks,
      CheckCallers callers,
      Upstreams upstreams,
      Sender sender) {
    this.who = who;
    this.checks = checks;
    this.callers = callers;
    this.upstreams = upstreams;
    this.sender = sender;
  }

  /** Whether it is this instance that is asked, whatever its weight and metadata are now. */
  boolean isOf(Candidate instance) {
    return who.member().equals(instance.member());
  }

  /** How the instance is listed now. */
  void isNow(Candidate instance) {
    who = instance;
  }

  void start() {
    upstreams.loop().execute(() -> checks.forEach(this::ask));
  }

  /** Asks no more; what was found is forgotten. On the loop, where nothing is found meanwhile. */
  void stop() {
    upstreams
        .loop()
        .execute(
            () -> {
              stopped = true;
              who.member().checked("");
            });
  }

  /** Why it cannot be asked; empty where it can. */
  String refusal() {
    return refusal;
  }

  /** Spread by a tenth of the interval, so that agents do not ask all at once. */
  private void later(ActiveCheck check) {
    long millis = check.interval().toMillis();
    long jitter = millis / 10;
    var _ =
        upstreams
            .loop()
            .schedule(
                () -> ask(check),
                millis - jitter + sender.random().nextLong(2 * jitter + 1),
                TimeUnit.MILLISECONDS);
  }

  private void ask(ActiveCheck check) {
    if (stopped) {
      return;
    }
    ServicePair pair = callers.current(each -> upstreams.mayCall(each.caller()));
    if (pair == null) {
      later(check); // Unless it is stopped by then, since nobody calls.
      return;
    }
    Answer answer = new Answer(check, pair);
    Sender.Way way = sender.way(who.endpoint(), pair);
    boolean bytes = pair.call().protocol().equals(Call.TCP);
    if (bytes && !(check.question() instanceof Question.Tcp)) {
      answer.refused(pair.service() + " speaks TCP, and can be asked by tcp = true only");
    } else if (way instanceof Sender.Way.Mesh && !upstreams.mayCall(pair.caller())) {
      answer.refused(pair.caller() + " has no certificate now");
    } else if (bytes) {
      connect(way, answer);
    } else {
      open(
          way, pair, new HealthQuestion(check, pair.service() + ".mesh", upstreams.loop(), answer));
    }
  }

  private void open(Sender.Way to, ServicePair pair, HealthQuestion question) {
    switch (to) {
      case Sender.Way.Mesh way -> upstreams.mesh(way.target(), question);
      case Sender.Way.SameHost way ->
          InProcess.open(
              sender
                  .receiver()
                  .http(Sender.origin(new Outgoing(pair, "127.0.0.1")), way.instance(), upstreams),
              question);
      case Sender.Way.Plain way ->
          upstreams.application(
              way.application(), !pair.call().protocol().equals(Call.HTTP), true, question);
    }
  }

  private void connect(Sender.Way to, Answer answer) {
    switch (to) {
      case Sender.Way.Mesh way -> upstreams.connect(way.target(), opened(answer));
      case Sender.Way.Plain way -> upstreams.dial(way.application(), opened(answer));
      case Sender.Way.SameHost _ -> answer.good(); // This agent looks after it anyway.
    }
  }

  private Promise<ByteStream> opened(Answer answer) {
    Promise<ByteStream> opened = upstreams.loop().newPromise();
    var deadline =
        upstreams
            .loop()
            .schedule(
                () -> answer.late(opened),
                answer.check.timeout().toMillis(),
                TimeUnit.MILLISECONDS);
    opened.addListener(
        done -> {
          deadline.cancel(false);
          if (done.isSuccess()) {
            opened.getNow().reset();
            answer.good();
          } else {
            answer.failed(done.cause());
          }
        });
    return opened;
  }

  /** What becomes of one question. */
  private final class Answer implements HealthQuestion.Asker {
    private final ActiveCheck check;
    private final ServicePair pair;

    Answer(ActiveCheck check, ServicePair pair) {
      this.check = check;
      this.pair = pair;
    }

    @Override
    public void good() {
      set(state().good(check));
      refusal = "";
    }

    @Override
    public void bad(String why) {
      set(state().bad(check, check.question() + ": " + why));
      refusal = "";
    }

    @Override
    public void refused(String why) {
      if (refusal.isEmpty()) {
        LOG.log(System.Logger.Level.WARNING, cannot(why));
      }
      refusal = cannot(why);
      callers.refused(pair);
      later(check);
    }

    private String cannot(String why) {
      return "instance "
          + who.endpoint().instance()
          + " of "
          + pair.service()
          + " cannot be asked by the health check "
          + check.question()
          + " in the name of "
          + pair.call().source().map(Object::toString).orElse("nobody")
          + ": "
          + why;
    }

    void failed(Throwable cause) {
      Failure why = UpstreamException.of(cause, pair.service().toString());
      if (HealthQuestion.isOfTheInstance(why)) {
        bad(why.sentence());
      } else {
        refused(why.sentence());
      }
    }

    void late(Promise<ByteStream> opened) {
      opened.tryFailure(
          new UpstreamException(
              new Failure(
                  Failure.Kind.CONNECT_FAILED,
                  "no connection within " + check.timeout().toMillis() + " ms")));
    }

    private CheckState state() {
      return states.getOrDefault(check, CheckState.WELL);
    }

    private void set(CheckState next) {
      if (stopped) {
        return;
      }
      CheckState before = state();
      states.put(check, next);
      if (before.ill() != next.ill()) {
        LOG.log(
            next.ill() ? System.Logger.Level.WARNING : System.Logger.Level.INFO,
            "{0} instance {1} on {2} {3}",
            pair.service(),
            who.endpoint().instance(),
            who.endpoint().node(),
            next.ill()
                ? "is out, it fails " + next.why()
                : "is back, it passes " + check.question());
      }
      who.member()
          .checked(
              states.values().stream()
                  .map(CheckState::why)
                  .filter(why -> !why.isEmpty())
                  .findFirst()
                  .orElse(""));
      later(check);
    }
  }
}
