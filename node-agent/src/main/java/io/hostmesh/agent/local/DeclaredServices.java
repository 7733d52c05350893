package io.hostmesh.agent.local;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.runtime.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * What the definition files of this host declare, now and before this process: files are judged
 * against each other and against their last good content, which is kept on disk. Reading blocks;
 * safe for any thread.
 */
final class DeclaredServices {
  private static final System.Logger LOG = System.getLogger(DeclaredServices.class.getName());

  private final DefinitionFolder folder;
  private final DefinitionMemory memory;
  private final Map<Integer, String> reserved;
  private final List<ServiceDefinition> departed;
  private final ReentrantLock reading = new ReentrantLock();
  private volatile Definitions definitions;

  /**
   * Reads the folder.
   *
   * @param reserved ports of the agent itself, by what they are
   * @throws UserError where a file cannot be used and there is no last good content of it
   */
  DeclaredServices(Path folder, DefinitionMemory memory, Map<Integer, String> reserved) {
    this.folder = new DefinitionFolder(folder);
    this.memory = memory;
    this.reserved = Map.copyOf(reserved);
    Definitions before = memory.load();
    Definitions now = Definitions.judge(this.folder.read(), before, reserved);
    refuseNewcomers(now);
    this.definitions = now;
    this.departed = departed(before, now);
    memory.save(now);
  }

  /** What a folder declares, judged as by a start without any past. */
  static Definitions of(Path folder, Map<Integer, String> reserved) {
    return Definitions.judge(new DefinitionFolder(folder).read(), Definitions.NONE, reserved);
  }

  /**
   * A problem of a file with a last good content is one to go on with; of any other it is not.
   *
   * @throws UserError with the first such problem
   */
  static void refuseNewcomers(Definitions now) {
    now.problems().stream()
        .filter(problem -> !problem.endsWith(Definitions.STAYS))
        .findFirst()
        .ifPresent(
            problem -> {
              throw new UserError(problem);
            });
  }

  private static List<ServiceDefinition> departed(Definitions before, Definitions now) {
    List<ServiceDefinition> departed = new ArrayList<>();
    before
        .texts()
        .forEach(
            (file, text) -> {
              try {
                departed.add(ServiceDefinition.parse(file, text));
              } catch (HoconException e) {
                LOG.log(System.Logger.Level.DEBUG, "forgotten: " + e.getMessage());
              }
            });
    departed.removeIf(old -> now.services().stream().anyMatch(s -> ConsulRegistrar.isSame(s, old)));
    return List.copyOf(departed);
  }

  Path folder() {
    return folder.folder();
  }

  /** What is in force now. */
  Definitions now() {
    return definitions;
  }

  /** What was declared when the host's services were last saved, and is no more. */
  List<ServiceDefinition> departed() {
    return departed;
  }

  /**
   * Reads the folder again.
   *
   * @param follow carries out what is in force then; readings wait for each other until it is done
   * @return what is in force then, with the problems of files that are refused
   */
  Definitions reload(Consumer<Definitions> follow) {
    reading.lock();
    try {
      Definitions before = definitions;
      Definitions now = judge(before);
      for (String problem : now.problems()) {
        if (!before.problems().contains(problem)) {
          LOG.log(System.Logger.Level.WARNING, problem);
        }
      }
      definitions = now;
      if (!now.texts().equals(before.texts())) {
        memory.save(now);
      }
      follow.accept(now);
      return now;
    } finally {
      reading.unlock();
    }
  }

  private Definitions judge(Definitions before) {
    try {
      return Definitions.judge(folder.read(), before, reserved);
    } catch (UserError e) {
      return new Definitions(
          before.texts(), before.services(), List.of(String.valueOf(e.getMessage())));
    }
  }
}
