package io.hostmesh.runtime;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * One line an event on standard error, which systemd keeps; causes with their stacks at debug only.
 */
public final class Logs {
  private static final Logger ROOT = Logger.getLogger("");
  private static final Logger OURS = Logger.getLogger("io.hostmesh");

  /** How much is said. */
  public enum Verbosity {
    ERROR(Level.SEVERE, Level.SEVERE),
    WARN(Level.WARNING, Level.WARNING),
    INFO(Level.INFO, Level.WARNING),
    DEBUG(Level.FINE, Level.INFO),
    TRACE(Level.FINEST, Level.FINE);

    private final Level ours;
    private final Level libraries;

    Verbosity(Level ours, Level libraries) {
      this.ours = ours;
      this.libraries = libraries;
    }
  }

  private Logs() {}

  /** Sets up the process' logging; called once at start and again where the verbosity changes. */
  public static void configure(Verbosity verbosity) {
    for (Handler handler : ROOT.getHandlers()) {
      ROOT.removeHandler(handler);
    }
    ConsoleHandler handler = new ConsoleHandler();
    handler.setLevel(Level.ALL);
    handler.setFormatter(new Line(verbosity.compareTo(Verbosity.DEBUG) >= 0));
    ROOT.addHandler(handler);
    ROOT.setLevel(verbosity.libraries);
    OURS.setLevel(verbosity.ours);
  }

  private static final class Line extends Formatter {
    private final boolean stacks;

    Line(boolean stacks) {
      this.stacks = stacks;
    }

    @Override
    public String format(LogRecord entry) {
      Throwable thrown = entry.getThrown();
      String name = String.valueOf(entry.getLoggerName());
      StringBuilder line =
          new StringBuilder(160)
              .append(Instant.ofEpochMilli(entry.getMillis()).truncatedTo(ChronoUnit.MILLIS))
              .append(' ')
              .append(level(entry.getLevel()))
              .append(' ')
              .append(name.startsWith("io.hostmesh.") ? name.substring(12) : name)
              .append(": ")
              .append(formatMessage(entry).replace('\n', ' '));
      if (thrown != null && !stacks) {
        line.append(" (").append(String.valueOf(thrown).replace('\n', ' ')).append(')');
      }
      line.append('\n');
      if (thrown != null && stacks) {
        StringWriter stack = new StringWriter();
        thrown.printStackTrace(new PrintWriter(stack, true));
        line.append(stack);
      }
      return line.toString();
    }

    private static String level(Level level) {
      int value = level.intValue();
      if (value >= Level.SEVERE.intValue()) {
        return "ERROR";
      }
      if (value >= Level.WARNING.intValue()) {
        return "WARN ";
      }
      return value >= Level.INFO.intValue() ? "INFO " : "DEBUG";
    }
  }
}
