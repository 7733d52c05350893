package io.hostmesh.runtime;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.loops.EpollTransport;
import io.netty.channel.epoll.Epoll;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;

/**
 * The command line and the life of a daemon: reads the configuration, starts, and ends on SIGTERM
 * or SIGINT once the daemon has drained. Exit status 0 after a good {@code --check}, 1 where
 * starting fails, 2 where the command line or the configuration is wrong.
 */
public final class DaemonProcess {
  private static final System.Logger LOG = System.getLogger(DaemonProcess.class.getName());

  private DaemonProcess() {}

  /**
   * Runs {@code main}; returns only where the process shall end with this status, and not while the
   * daemon runs.
   */
  public static int run(Daemon<?> daemon, String... args) {
    return run(daemon, all -> DaemonCommand.commandLine(daemon).execute(all), args);
  }

  /**
   * The same for a daemon that has commands of its own.
   *
   * @param command executes what is no plain start; its status
   */
  public static int run(Daemon<?> daemon, ToIntFunction<String[]> command, String... args) {
    Optional<DaemonArguments> plain = DaemonArguments.plain(args);
    if (plain.isEmpty()) {
      return command.applyAsInt(args);
    }
    try {
      return live(daemon, plain.get());
    } catch (Exception e) {
      return failed(daemon, e);
    }
  }

  /** Says why the daemon ends; its status. */
  static int failed(Daemon<?> daemon, Exception failure) {
    System.err.println(daemon.name() + ": " + explain(failure));
    return isUsersMistake(failure) ? 2 : 1;
  }

  /** The product's version, from the archive that this class came in. */
  public static String version() {
    return Optional.ofNullable(DaemonProcess.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  private static boolean isUsersMistake(Throwable failure) {
    return failure instanceof HoconException || failure instanceof UserError;
  }

  private static String explain(Throwable failure) {
    return isUsersMistake(failure) ? String.valueOf(failure.getMessage()) : "failed: " + failure;
  }

  private record Configuration<C>(ProcessSettings process, C own) {}

  static <C> int live(Daemon<C> daemon, DaemonArguments arguments) throws Exception {
    Path file = arguments.config().orElseGet(daemon::defaultConfig);
    Configuration<C> configuration =
        ConfigFile.read(
            file,
            arguments.settings(),
            section -> new Configuration<>(ProcessSettings.read(section), daemon.read(section)));
    if (arguments.check()) {
      daemon.check(configuration.own());
      System.out.println(file + ": fine");
      return 0;
    }
    Logs.configure(configuration.process().verbosity());
    live(daemon, configuration);
    return 0;
  }

  private static <C> void live(Daemon<C> daemon, Configuration<C> configuration) throws Exception {
    Vertx vertx = vertx(configuration.process().loops());
    Host host = new Host(vertx, Clock.systemUTC(), new ThreadRandom(), version());
    AutoCloseable running;
    try {
      running = daemon.start(configuration.own(), host);
    } catch (Exception | Error e) {
      LOG.log(System.Logger.Level.DEBUG, "could not start", e);
      vertx.close();
      throw e;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(running, vertx), "shutdown"));
    LOG.log(System.Logger.Level.INFO, daemon.name() + " " + version() + " runs");
    Thread.currentThread().join(); // Ends with the process, by the shutdown hook.
  }

  private static void stop(AutoCloseable running, Vertx vertx) {
    try {
      running.close();
      vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
    } catch (Exception e) {
      LOG.log(System.Logger.Level.WARNING, "did not end cleanly", e);
    }
  }

  private static Vertx vertx(int loops) {
    if (!Epoll.isAvailable()) {
      throw new UserError(
          "epoll is not available ("
              + Epoll.unavailabilityCause()
              + "); Hostmesh runs on Linux, x86-64 or arm64");
    }
    VertxOptions options =
        new VertxOptions()
            .setPreferNativeTransport(true)
            .setEventLoopPoolSize(loops)
            .setWorkerPoolSize(4)
            .setInternalBlockingPoolSize(4);
    return Vertx.builder().with(options).withTransport(new EpollTransport()).build();
  }
}
