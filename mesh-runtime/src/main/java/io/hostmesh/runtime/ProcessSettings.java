package io.hostmesh.runtime;

import io.hostmesh.model.hocon.Section;

/**
 * The keys that every daemon has.
 *
 * @param verbosity {@code log.level}
 * @param loops {@code loops}: event loops, 1 to 64; min(cores, 4) unless set
 */
public record ProcessSettings(Logs.Verbosity verbosity, int loops) {
  public static ProcessSettings read(Section section) {
    Section log = section.section("log");
    int loops = Math.min(Runtime.getRuntime().availableProcessors(), 4);
    return new ProcessSettings(
        log.choice("level", Logs.Verbosity.class, Logs.Verbosity.INFO),
        section.integer("loops", 1, 64, loops));
  }
}
