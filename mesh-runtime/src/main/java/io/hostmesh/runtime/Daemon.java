package io.hostmesh.runtime;

import io.hostmesh.model.hocon.Section;
import java.nio.file.Path;

/**
 * What one daemon is: how it reads its configuration and how it runs.
 *
 * @param <C> its configuration, a record
 */
public interface Daemon<C> {
  /** The command's name, for instance {@code hostmesh-pilot}. */
  String name();

  /** One line for {@code --help}. */
  String purpose();

  /** Where its configuration is looked for when the command line does not say. */
  Path defaultConfig();

  /**
   * Reads the daemon's own keys; those of {@link ProcessSettings} are read before.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  C read(Section section);

  /**
   * Judges what else can be judged without starting, for {@code --check}: for instance files that
   * the configuration names.
   *
   * @throws UserError where something cannot be used
   */
  default void check(C configuration) {}

  /**
   * Starts. Called on the main thread, which may block; an exception ends the process with status
   * 1.
   *
   * @return what ends it: called once, on the shutdown thread, which may block while work drains
   */
  AutoCloseable start(C configuration, Host host) throws Exception;
}
