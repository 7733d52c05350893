package io.hostmesh.agent.connection;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Where redirected connections were going. On the channel's event loop. */
@FunctionalInterface
public interface OriginalDestinations {
  /** Empty where the connection was not redirected but came to our port itself. */
  Optional<InetSocketAddress> of(Channel accepted);
}
