package io.hostmesh.agent.upstream;

import io.hostmesh.agent.balance.Load;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where requests leave the mesh: a local instance's application, or an instance outside of the
 * mesh.
 *
 * @param from where to call from; empty for the kernel's choice
 * @param gate judges a fresh connection before its first byte
 * @param load of the service that it is an instance of; null where nobody counts
 */
public record Application(
    String name,
    InetSocketAddress address,
    Optional<LocalEnd> from,
    Gate gate,
    @Nullable Load load) {

  /** One whose load nobody counts: an application of this host. */
  public Application(String name, InetSocketAddress address, Optional<LocalEnd> from, Gate gate) {
    this(name, address, from, gate, null);
  }

  /** Whether a fresh connection leads to whom it should. */
  @FunctionalInterface
  public interface Gate {
    Gate OPEN = (_, _) -> Optional.empty();

    /**
     * @param local our end
     * @param remote the application's end
     * @return why the connection must not be used
     */
    Optional<String> refusal(InetSocketAddress local, InetSocketAddress remote);

    /**
     * The same where it may take longer.
     *
     * @param then called once, at once or later on the loop
     */
    default void judge(
        InetSocketAddress local,
        InetSocketAddress remote,
        EventLoop loop,
        Consumer<Optional<String>> then) {
      then.accept(refusal(local, remote));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Application that
        && name.equals(that.name)
        && address.equals(that.address)
        && from.equals(that.from);
  }

  @Override
  public int hashCode() {
    return name.hashCode() * 31 + address.hashCode();
  }

  @Override
  public String toString() {
    String called = name + " at " + address.getAddress().getHostAddress() + ":" + address.getPort();
    return from.filter(end -> end.mark().isPresent())
        .map(end -> called + " from " + end.address().getHostAddress())
        .orElse(called);
  }
}
