package io.hostmesh.agent.life;

import io.hostmesh.agent.redirect.Capture;
import io.hostmesh.agent.redirect.CapturePlan;
import io.hostmesh.runtime.UserError;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Keeps the kernel's rules equal to what the agent wants captured, from the moment it can serve
 * what is captured: changes soon after they are known, and again where someone else took rules
 * away. All work is done on one thread of its own.
 */
final class CaptureKeeper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CaptureKeeper.class.getName());
  private static final Duration LOOK_EVERY = Duration.ofSeconds(10);

  /** How long questions for names wait for the next agent when this one is gone. */
  private static final Duration NAMES_WAIT = Duration.ofSeconds(5);

  private static final Duration AGAIN_AFTER = Duration.ofSeconds(2);

  /** What the kernel shall hold; empty while the agent cannot serve what would be captured. */
  @FunctionalInterface
  interface Wanted extends Supplier<Optional<CapturePlan>> {}

  private final Capture capture;
  private final Wanted wanted;
  private final Duration confirmWithin;
  private final Runnable changed;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, work -> Thread.ofPlatform().name("capture").daemon().unstarted(work));
  private final AtomicBoolean queued = new AtomicBoolean();
  private volatile Optional<String> problem = Optional.of("not yet in force");

  /**
   * @param changed called on the keeper's thread when {@link #problem} came or went
   */
  CaptureKeeper(Capture capture, Wanted wanted, Duration confirmWithin, Runnable changed) {
    this.capture = capture;
    this.wanted = wanted;
    this.confirmWithin = confirmWithin;
    this.changed = changed;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  void start() {
    long millis = LOOK_EVERY.toMillis();
    var _ = thread.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
    refresh();
  }

  /** Says that what is wanted may have changed. Returns at once. */
  void refresh() {
    if (!thread.isShutdown() && queued.compareAndSet(false, true)) {
      thread.execute(
          () -> {
            queued.set(false);
            keep();
          });
    }
  }

  /** Why the rules are not in force; empty while they are. */
  Optional<String> problem() {
    return problem;
  }

  /** How rules get into the kernel. */
  String backend() {
    return capture.backend().name().toLowerCase(java.util.Locale.ROOT);
  }

  private void look() {
    try {
      if (problem.isEmpty() && !capture.intact()) {
        LOG.log(
            System.Logger.Level.WARNING,
            "the capture rules were changed by someone else; putting them in force again");
        keep();
      }
    } catch (UserError | IllegalStateException e) {
      say(Optional.of(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Applies and confirms: that this thread still runs and the agent still wants the plan is what
   * the confirmation stands for.
   */
  private void keep() {
    Optional<CapturePlan> plan;
    try {
      plan = wanted.get();
      if (plan.isEmpty()) {
        return;
      }
      capture.apply(plan.get(), confirmWithin);
      capture.confirm();
      capture.guardDns(NAMES_WAIT);
      say(Optional.empty());
    } catch (UserError | IllegalStateException | IllegalArgumentException e) {
      say(Optional.of(String.valueOf(e.getMessage())));
      if (!thread.isShutdown()) {
        var _ = thread.schedule(this::keep, AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  private void say(Optional<String> news) {
    if (!news.equals(problem)) {
      news.ifPresentOrElse(
          text -> LOG.log(System.Logger.Level.ERROR, text),
          () -> LOG.log(System.Logger.Level.INFO, "capture is in force by {0}", backend()));
      problem = news;
      changed.run();
    }
  }

  /** Takes everything out of the kernel. Blocking; after {@link #close}. */
  void remove() {
    capture.remove();
  }

  /** Ends the keeping; the rules stay. */
  @Override
  public void close() {
    thread.shutdown(); // A change under way ends: half of one would be worse than either.
    thread.close();
  }
}
