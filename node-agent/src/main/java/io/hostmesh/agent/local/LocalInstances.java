package io.hostmesh.agent.local;

import io.hostmesh.runtime.UserError;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The services of this host: read from their folder now and whenever it changes, checked, and
 * listed in the registry. {@link #definitions}, {@link #health} and {@link #troubles} are for any
 * thread.
 */
public final class LocalInstances implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LocalInstances.class.getName());

  private final Context context;
  private final DeclaredServices declared;
  private final CheckedInstances checked;
  private final List<Consumer<Definitions>> listeners = new CopyOnWriteArrayList<>();
  private @Nullable FolderWatch watch; // On the context only.

  private LocalInstances(Context context, DeclaredServices declared, CheckedInstances checked) {
    this.context = context;
    this.declared = declared;
    this.checked = checked;
  }

  /**
   * Reads the folder. Blocking.
   *
   * @param reserved ports of the agent itself, by what they are
   * @param owners judges who answers the checks
   * @throws UserError where a file cannot be used and there is no last good content of it
   */
  public static LocalInstances read(
      Vertx vertx,
      Path folder,
      DefinitionMemory memory,
      Map<Integer, String> reserved,
      Owners owners) {
    DeclaredServices declared = new DeclaredServices(folder, memory, reserved);
    Context context = vertx.getOrCreateContext();
    return new LocalInstances(
        context, declared, new CheckedInstances(vertx, context, memory, owners));
  }

  /** What a folder declares, judged as by a start without any past. */
  public static Definitions declared(Path folder, Map<Integer, String> reserved) {
    return DeclaredServices.of(folder, reserved);
  }

  /**
   * Judges a folder.
   *
   * @throws UserError with the first file's problem
   */
  public static void check(Path folder, Map<Integer, String> reserved) {
    DeclaredServices.refuseNewcomers(declared(folder, reserved));
  }

  /** Begins to check, to list and to watch the folder. */
  public void start(Registrar into) {
    context.runOnContext(
        _ -> {
          checked.start(into, declared.departed());
          checked.align(declared.now().services());
          watchFolder();
        });
  }

  private void watchFolder() {
    try {
      watch = FolderWatch.of(declared.folder(), this::reload);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot watch "
              + declared.folder()
              + ": changes hold after a reload only ("
              + e.getMessage()
              + "; see fs.inotify.max_user_instances)");
    }
  }

  public Definitions definitions() {
    return declared.now();
  }

  /** What an instance's checks say; unknown where it is not checked here. */
  public Health health(ServiceDefinition.Listener instance) {
    return checked.health(instance);
  }

  /** Whether the registry has listed an instance of this host, now or in an earlier life. */
  public boolean wasListed() {
    return checked.wasListed();
  }

  /** Problems with the registry, one line each. */
  public List<String> troubles() {
    return checked.troubles();
  }

  /** Adds a listener that hears of each change of the definitions, on the context. */
  public void onChange(Consumer<Definitions> listener) {
    listeners.add(listener);
  }

  /** Adds a listener that hears of each change of an instance's health, on the context. */
  public void onHealth(Runnable listener) {
    checked.onHealth(listener);
  }

  /**
   * Reads the folder again. Blocking; not for event loops.
   *
   * @return what is in force now, with the problems of files that are refused
   */
  public Definitions reload() {
    return declared.reload(this::follow);
  }

  private void follow(Definitions now) {
    Promise<Void> done = Promise.promise();
    context.runOnContext(
        _ -> {
          checked.align(now.services());
          listeners.forEach(listener -> listener.accept(now));
          done.complete();
        });
    done.future().toCompletionStage().toCompletableFuture().join();
  }

  /** Ends checks and reports; what is listed stays listed. */
  @Override
  public void close() {
    context.runOnContext(
        _ -> {
          checked.close();
          try {
            if (watch != null) {
              watch.close();
            }
          } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing", e);
          }
        });
  }
}
