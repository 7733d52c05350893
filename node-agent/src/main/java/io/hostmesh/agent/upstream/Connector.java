package io.hostmesh.agent.upstream;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;

/** Opens HTTP/2 connections. Called on the loop that they will belong to. */
interface Connector<K> {
  /**
   * What a connection opened now would be made with: one that was made with something else takes no
   * new streams.
   *
   * @throws UpstreamException where none can be opened now
   */
  Object credentials(K key) throws UpstreamException;

  /**
   * @param ready the connection, when streams can be opened on it, or an {@link UpstreamException}
   */
  void connect(K key, Object credentials, EventLoop loop, Promise<Channel> ready);
}
