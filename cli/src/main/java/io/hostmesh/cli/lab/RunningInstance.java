package io.hostmesh.cli.lab;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A service's program that {@code lab run} started. Safe for any thread. */
final class RunningInstance {
  private final InstanceSpec spec;
  private final Path group;
  private final Path log;
  private volatile @Nullable Integer status;
  private volatile int pid;

  RunningInstance(InstanceSpec spec, Path group, Path log) {
    this.spec = spec;
    this.group = group;
    this.log = log;
  }

  InstanceSpec spec() {
    return spec;
  }

  Path group() {
    return group;
  }

  Path log() {
    return log;
  }

  int pid() {
    return pid;
  }

  void started(int process) {
    pid = process;
    Thread.ofPlatform()
        .daemon()
        .name("wait " + spec.service())
        .start(() -> status = Posix.await(process));
  }

  /** The status with which the started process ended; its children may go on. */
  Optional<Integer> status() {
    return Optional.ofNullable(status);
  }

  /** Whether any process of it is left, the started one or a daemon that it left behind. */
  boolean isAlive() {
    return status == null || !ControlGroups.members(group).isEmpty();
  }
}
