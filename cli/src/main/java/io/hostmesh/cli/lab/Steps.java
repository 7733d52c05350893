package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How far a lab's start has come, for the person who waits. Safe for any thread. */
final class Steps {
  private record Step(String what, double seconds) {}

  private final long began = System.nanoTime();
  private final List<Step> done = new ArrayList<>();
  private String failure = "";
  private boolean complete;

  synchronized void done(String what) {
    done.add(new Step(what, seconds()));
  }

  synchronized void failed(String why) {
    failure = why;
  }

  synchronized void complete() {
    complete = true;
  }

  /**
   * Refuses what needs the whole lab.
   *
   * @throws UserError while it starts, and where it could not
   */
  synchronized void requireUp() {
    if (!failure.isEmpty()) {
      throw new UserError("the lab could not be started: " + failure);
    }
    if (!complete) {
      throw new UserError("the lab is still starting; see: hostmesh lab status");
    }
  }

  private double seconds() {
    return Duration.ofNanos(System.nanoTime() - began).toMillis() / 1000.0;
  }

  /** {@code state} is starting, up or failed. */
  synchronized JsonObject json() {
    JsonArray steps = new JsonArray();
    done.forEach(s -> steps.add(new JsonObject().put("what", s.what()).put("at", s.seconds())));
    return new JsonObject()
        .put("state", complete ? "up" : failure.isEmpty() ? "starting" : "failed")
        .put("error", failure)
        .put("steps", steps);
  }
}
