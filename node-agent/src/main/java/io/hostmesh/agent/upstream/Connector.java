package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.h2.H2Link;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** Opens HTTP/2 connections. Called on the loop that they will belong to. */
interface Connector<K> {
  /**
   * What a connection opened now would be made with: one that was made with something else takes no
   * new streams.
   *
   * @throws UpstreamException where none can be opened now
   */
  Object credentials(K key) throws UpstreamException;

  /** What counts the connections to there; null where nothing does. */
  @Nullable Load load(K key);

  /**
   * @param link goes into the connection's pipeline
   * @param ready the link, when streams can be opened on it, or an {@link UpstreamException}
   */
  void connect(K key, Object credentials, EventLoop loop, H2Link link, Promise<H2Link> ready);
}
