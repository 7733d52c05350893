package io.hostmesh.agent.redirect;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AuditLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * {@code hostmesh-agent capture …}: the kernel's rules by hand, with or without a running agent.
 * All but {@code enable} work with a configuration that cannot be read. Changes are in the agent's
 * audit log.
 */
@Command(
    name = "capture",
    mixinStandardHelpOptions = true,
    description = "Shows, puts in force or undoes what the kernel redirects to the agent.")
public final class CaptureCommand implements Callable<Integer> {
  /** The status of {@code status} when nothing is captured, as systemctl has it for inactive. */
  static final int NOT_CAPTURING = 3;

  /**
   * What the configuration says of capture.
   *
   * @param folder where unconfirmed changes are kept, see {@link Capture#open}
   * @param plan what {@code enable} puts in force
   * @param onStop what {@code stopped} leaves
   * @param audit where changes are written
   */
  public record Configured(
      CaptureBackend backend,
      Path folder,
      CapturePlan plan,
      Duration confirmWithin,
      CaptureSettings.OnStop onStop,
      AuditLog audit) {}

  /** Reads the agent's configuration. */
  @FunctionalInterface
  public interface Configuration {
    /**
     * @param file empty for the default one
     * @param settings laid over the file, as {@code --set} gives them
     * @throws HoconException where it cannot be used
     */
    Configured read(Optional<Path> file, List<String> settings);
  }

  private final Configuration configuration;
  private final Path defaultFolder;
  private final AuditLog defaultAudit;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "the agent's configuration (default: the file under /etc/hostmesh)")
  private @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      scope = ScopeType.INHERIT,
      description = "a setting laid over the file; may be given several times")
  private List<String> settings = List.of();

  /**
   * @param defaultFolder what the configuration's folder is unless it says otherwise
   * @param defaultAudit where changes are written while the configuration cannot be read
   */
  public CaptureCommand(Configuration configuration, Path defaultFolder, AuditLog defaultAudit) {
    this.configuration = configuration;
    this.defaultFolder = defaultFolder;
    this.defaultAudit = defaultAudit;
  }

  @Override
  public Integer call() {
    return status();
  }

  @Command(
      name = "enable",
      description =
          "Puts the rules in force; they undo themselves soon unless 'capture confirm' follows.")
  int enable(@Option(names = "--yes", description = "confirm at once") boolean yes) {
    Configured configured = read();
    return new CaptureAudit(configured.audit())
        .change(yes ? "capture enable --yes" : "capture enable", () -> enable(configured, yes));
  }

  private static int enable(Configured configured, boolean yes) {
    Capture capture = Capture.open(configured.backend(), configured.folder());
    Duration within = yes ? Duration.ZERO : configured.confirmWithin();
    capture.allow();
    // Names wait for an agent that answers them: it adds them when it runs.
    if (capture.apply(configured.plan().withoutNames(), within)) {
      System.out.println(
          "Capture is on by "
              + name(capture.backend())
              + ", for "
              + within.toSeconds()
              + " s: if this session still works, say 'hostmesh-agent capture confirm'.");
    } else {
      System.out.println("Capture is on by " + name(capture.backend()) + ".");
    }
    return 0;
  }

  @Command(name = "confirm", description = "Makes the last change stay.")
  int confirm() {
    Optional<Configured> configured = configured();
    return audit(configured).change("capture confirm", () -> confirm(open(configured)));
  }

  private int confirm(Capture capture) {
    if (!capture.confirm()) {
      System.out.println("Nothing waits to be confirmed: it was before, or has undone itself.");
      return status();
    }
    System.out.println("Confirmed.");
    return 0;
  }

  @Command(
      name = "disable",
      description =
          "Undoes everything: rules of either kind, and routes; a running agent leaves it so until"
              + " 'capture enable' or a reboot.")
  int disable(
      @Option(
              names = "--forget",
              description = "leave no note of it for an agent: for a package's removal")
          boolean forget) {
    Optional<Configured> configured = configured();
    return audit(configured)
        .undo(
            forget ? "capture disable --forget" : "capture disable",
            () -> disable(open(configured), forget));
  }

  private static int disable(Capture capture, boolean forget) {
    if (forget) {
      capture.allow();
      capture.remove();
    } else {
      capture.disable();
    }
    System.out.println("Capture is off; nothing of it is left in the kernel.");
    return 0;
  }

  @Command(
      name = "undo-unconfirmed",
      description = "Undoes a change that was not confirmed, now; for a service's ExecStopPost.")
  int undoUnconfirmed() {
    Optional<Configured> configured = configured();
    return audit(configured)
        .undo(
            "capture undo-unconfirmed",
            () -> {
              open(configured).undoUnconfirmed();
              return 0;
            });
  }

  @Command(
      name = "dns-open",
      description = "Lets questions for names pass the agent by, for a host whose agent is dead.")
  int openDns() {
    Optional<Configured> configured = configured();
    return audit(configured).undo("capture dns-open", () -> letNamesPass(open(configured)));
  }

  private static int letNamesPass(Capture capture) {
    capture.openDns();
    System.out.println("Questions for names are no longer captured; the agent's next start will.");
    return 0;
  }

  @Command(
      name = "stopped",
      description =
          "Leaves what capture.on-stop says, for a service's ExecStopPost once no agent is to"
              + " follow: open undoes everything, closed lets questions for names pass.")
  int stopped() {
    Optional<Configured> configured = configured();
    boolean opens = configured.filter(c -> c.onStop() == CaptureSettings.OnStop.OPEN).isPresent();
    return audit(configured).undo("capture stopped", () -> stopped(open(configured), opens));
  }

  private static int stopped(Capture capture, boolean opens) {
    if (!opens) {
      return letNamesPass(capture);
    }
    capture.remove();
    System.out.println("Capture is off (capture.on-stop = open).");
    return 0;
  }

  @Command(name = "status", description = "Shows what is in force; status 3 where nothing is.")
  int status() {
    return switch (open().status()) {
      case CaptureStatus.Off() -> {
        System.out.println("Capture is off.");
        yield NOT_CAPTURING;
      }
      case CaptureStatus.On on -> {
        System.out.println(
            "Capture is on by " + name(on.backend()) + (on.confirmed() ? "." : ", unconfirmed."));
        System.out.println("  names:  " + (on.dns() ? "captured" : "not captured"));
        System.out.println(
            "  routes: " + (on.routes().isEmpty() ? "none" : String.join(", ", on.routes())));
        yield 0;
      }
    };
  }

  private Configured read() {
    return configuration.read(Optional.ofNullable(file), settings);
  }

  private CaptureAudit audit(Optional<Configured> configured) {
    return new CaptureAudit(configured.map(Configured::audit).orElse(defaultAudit));
  }

  /** Both backends and, at worst, the default folder: undoing must not hang on a typing error. */
  private Capture open() {
    return open(configured());
  }

  private Capture open(Optional<Configured> configured) {
    return Capture.open(
        CaptureBackend.AUTO, configured.map(Configured::folder).orElse(defaultFolder));
  }

  /** Empty, and said, where the configuration cannot be used. */
  private Optional<Configured> configured() {
    try {
      return Optional.of(read());
    } catch (HoconException | UserError e) {
      System.err.println("hostmesh-agent: " + e.getMessage() + " (going on without it)");
      return Optional.empty();
    }
  }

  private static String name(CaptureBackend backend) {
    return backend.name().toLowerCase(java.util.Locale.ROOT);
  }
}
