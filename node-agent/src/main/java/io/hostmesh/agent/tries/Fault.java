package io.hostmesh.agent.tries;

import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.Share;
import io.hostmesh.model.rules.ValueMatch;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What happens to one request by a rule's fault.
 *
 * @param delayNanos 0 for none
 * @param abort null for none
 */
public record Fault(long delayNanos, FaultPolicy.@Nullable Abort abort) {
  private static final int WHOLE = 10_000;

  /** The values of a header by its lower-case name. */
  @FunctionalInterface
  public interface Headers {
    List<String> get(String name);
  }

  /**
   * Draws for a request.
   *
   * @param grpc whether it is a gRPC call
   * @return null where nothing happens to it
   */
  public static @Nullable Fault draw(
      FaultPolicy policy, boolean grpc, Headers headers, RandomGenerator random) {
    for (Map.Entry<String, ValueMatch> wanted : policy.headers().entrySet()) {
      if (!wanted.getValue().matches(headers.get(wanted.getKey()))) {
        return null;
      }
    }
    FaultPolicy.Delay delay = policy.delay().orElse(null);
    FaultPolicy.Abort abort = policy.abort().orElse(null);
    long nanos = delay != null && holds(delay.share(), random) ? delay.time().toNanos() : 0;
    boolean aborts =
        abort != null && (grpc || abort.status().isPresent()) && holds(abort.share(), random);
    return nanos == 0 && !aborts ? null : new Fault(nanos, aborts ? abort : null);
  }

  /** Whether a share holds one of many. */
  public static boolean holds(Share share, RandomGenerator random) {
    return random.nextInt(WHOLE) < share.basisPoints();
  }
}
