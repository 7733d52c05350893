package io.hostmesh.citadel.records;

import io.hostmesh.citadel.Refusal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for the registry, for a bounded time. For virtual threads only. */
public final class Waiting {
  private static final int SECONDS = 4;

  private Waiting() {}

  /**
   * @throws Refusal where the registry does not answer in time or not well
   */
  public static <T> T on(CompletableFuture<T> answer) {
    try {
      return answer.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE, cause.getMessage() + "; try again when it is back", cause);
    } catch (TimeoutException e) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE,
          "the registry did not answer within " + SECONDS + " s; try again when it is back",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(Refusal.Reason.UNAVAILABLE, "citadel is ending; try again", e);
    }
  }
}
