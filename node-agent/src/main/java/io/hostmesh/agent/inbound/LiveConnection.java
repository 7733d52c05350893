package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.protocol.Relay;
import io.hostmesh.agent.telemetry.Failure;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A bare connection to an application that was let in. Used by its event loop only. */
final class LiveConnection implements LiveCalls.Live {
  private final Origin origin;
  private final LocalInstance instance;
  private final Function<MeshView, Verdict> rules;
  private Verdict verdict;
  private @Nullable Relay relay;
  private @Nullable Failure revoked;
  private int slot = -1;

  /**
   * @param rules what the rules of a view say of such a connection
   */
  LiveConnection(
      Origin origin, LocalInstance instance, Verdict verdict, Function<MeshView, Verdict> rules) {
    this.origin = origin;
    this.instance = instance;
    this.verdict = verdict;
    this.rules = rules;
  }

  /** Bytes move from now on. */
  void relayed(Relay moving) {
    relay = moving;
  }

  /** Why it was ended before its application was reached; null where it was not. */
  @Nullable Failure revoked() {
    return revoked;
  }

  /** What was decided last. */
  Verdict verdict() {
    return verdict;
  }

  @Override
  public Origin origin() {
    return origin;
  }

  @Override
  public LocalInstance instance() {
    return instance;
  }

  @Override
  public boolean lasts() {
    return true;
  }

  @Override
  public Verdict judge(MeshView view) {
    return rules.apply(view);
  }

  @Override
  public void revoke(Verdict denied, Failure why) {
    verdict = denied;
    revoked = why;
    if (relay != null) {
      relay.breakOff(why);
    }
  }

  @Override
  public int slot() {
    return slot;
  }

  @Override
  public void slot(int place) {
    slot = place;
  }
}
