package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.agent.discovery.MeshView;
import io.hostmesh.agent.telemetry.Failure;
import io.netty.channel.Channel;

/**
 * A connection of another agent, which bears an identity for all calls in it. Rules are for the
 * calls; it ends with its identity. Used by its event loop only.
 */
final class LiveMeshConnection implements LiveCalls.Live {
  private final Channel channel;
  private final Origin origin;
  private final LocalInstance instance;
  private int slot = -1;

  private LiveMeshConnection(Channel channel, Origin origin, LocalInstance instance) {
    this.channel = channel;
    this.origin = origin;
    this.instance = instance;
  }

  /** Watches a connection until it closes. */
  static void watch(Channel channel, Origin origin, LocalInstance instance, LiveCalls calls) {
    LiveMeshConnection connection = new LiveMeshConnection(channel, origin, instance);
    LiveCalls.OnLoop here = calls.on(channel.eventLoop(), instance);
    here.add(connection);
    channel.closeFuture().addListener(_ -> here.remove(connection));
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
    return Verdict.OPEN;
  }

  /**
   * Behind what its calls have still to say in this turn of the loop: that they were broken off.
   */
  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // A channel's end shows in its close future.
  public void revoke(Verdict denied, Failure why) {
    channel.eventLoop().execute(channel::close);
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
