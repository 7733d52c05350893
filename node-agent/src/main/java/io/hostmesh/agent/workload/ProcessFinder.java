package io.hostmesh.agent.workload;

import io.netty.channel.EventLoop;
import java.util.Optional;
import java.util.function.Consumer;

/** Looks at processes, which the agent itself may not. Any thread. */
public interface ProcessFinder {
  /** Finds nobody. */
  ProcessFinder NONE =
      new ProcessFinder() {
        @Override
        public void find(Question question, EventLoop loop, Consumer<SocketHolders> then) {
          then.accept(new SocketHolders.Unknown("nobody can be asked for processes"));
        }

        @Override
        public Optional<String> problem() {
          return Optional.empty();
        }
      };

  /**
   * Asks; never blocks.
   *
   * @param then called once, on the loop, within a second or two
   */
  void find(Question question, EventLoop loop, Consumer<SocketHolders> then);

  /** Why it cannot be asked at the moment, a sentence with what to do. */
  Optional<String> problem();
}
