package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.agent.discovery.MeshSource;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.telemetry.Failure;
import io.hostmesh.model.rules.MeshMode;
import io.netty.channel.EventLoop;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The calls that were let in and are under way, so that they end when they would not be let in any
 * more. Those that may last (connections, tunnels, WebSockets) are judged again as soon as rules
 * change, requests a second later: what is nearly over may end by itself. Any thread; each call
 * belongs to its event loop.
 */
public final class LiveCalls {
  private static final System.Logger LOG = System.getLogger(LiveCalls.class.getName());

  /** How long requests have to end by themselves, in milliseconds. */
  private static final long GRACE_MS = 1_000;

  /** A call that is under way. Used by its event loop only. */
  interface Live {
    Origin origin();

    LocalInstance instance();

    /** Whether it may last, so that there is no waiting for its end. */
    boolean lasts();

    /** What the rules of a view say of it. */
    Verdict judge(MeshView view);

    /** Ends it; {@link OnLoop#remove} follows, at once or with the last of its events. */
    void revoke(Verdict denied, Failure why);

    /** Its place, kept for {@link OnLoop}. */
    int slot();

    void slot(int place);
  }

  /** What a decision depends on. */
  private record Terms(
      Optional<MeshSettings> settings, Optional<AccessTable> access, MeshMode mode) {
    static Terms of(MeshView view, LocalInstance instance) {
      return new Terms(
          view.settings(),
          view.access(instance.service()),
          view.mode(instance.service(), instance.port()));
    }
  }

  private final MeshSource mesh;
  private final Map<EventLoop, OnLoop> loops = new ConcurrentHashMap<>();
  private final Map<LocalInstance, Terms> judgedBy = new ConcurrentHashMap<>();

  public LiveCalls(MeshSource mesh) {
    this.mesh = mesh;
  }

  /** The calls of one event loop, to an instance that is watched from now on. */
  OnLoop on(EventLoop loop, LocalInstance instance) {
    judgedBy.computeIfAbsent(instance, it -> Terms.of(mesh.view(), it));
    return loops.computeIfAbsent(loop, OnLoop::new);
  }

  /** There is a new view: what it does not allow any more ends. */
  public void meshChanged() {
    MeshView view = mesh.view();
    Set<LocalInstance> changed = new HashSet<>();
    judgedBy.replaceAll(
        (instance, before) -> {
          Terms now = Terms.of(view, instance);
          if (!now.equals(before)) {
            changed.add(instance);
          }
          return now;
        });
    if (changed.isEmpty()) {
      return;
    }
    for (OnLoop calls : loops.values()) {
      calls.loop.execute(
          () ->
              calls.judge(mesh.view(), call -> call.lasts() && changed.contains(call.instance())));
      var _ =
          calls.loop.schedule(
              () ->
                  calls.judge(
                      mesh.view(), call -> !call.lasts() && changed.contains(call.instance())),
              GRACE_MS,
              TimeUnit.MILLISECONDS);
    }
  }

  /** Other services are revoked: what these have open with neighbours ends at once. */
  public void revocationsChanged() {
    for (OnLoop calls : loops.values()) {
      calls.loop.execute(() -> calls.judge(mesh.view(), _ -> true));
    }
  }

  /** The calls of one event loop, which alone uses this. */
  static final class OnLoop {
    private final EventLoop loop;
    private Live[] calls = new Live[16];
    private int count;

    OnLoop(EventLoop loop) {
      this.loop = loop;
    }

    void add(Live call) {
      if (count == calls.length) {
        calls = Arrays.copyOf(calls, 2 * count);
      }
      call.slot(count);
      calls[count++] = call;
    }

    /** Twice is once. */
    @SuppressWarnings("ReferenceEquality") // A call is itself.
    void remove(Live call) {
      int place = call.slot();
      if (place < 0 || place >= count || calls[place] != call) {
        return;
      }
      Live last = calls[--count];
      calls[place] = last;
      last.slot(place);
      call.slot(-1);
      Arrays.fill(calls, count, count + 1, null);
    }

    private void judge(MeshView view, Predicate<Live> which) {
      for (Live call : Arrays.copyOf(calls, count)) {
        if (call.slot() >= 0 && which.test(call)) {
          Verdict verdict = call.judge(view);
          Access.failure(verdict).ifPresent(why -> end(call, verdict, why));
        }
      }
    }

    private static void end(Live call, Verdict verdict, Failure why) {
      LOG.log(
          System.Logger.Level.INFO,
          "a call of {0} to {1} ends: {2}",
          call.origin().peer(),
          call.instance(),
          why.sentence());
      call.revoke(verdict, why);
    }
  }
}
