package io.hostmesh.agent.local;

import io.hostmesh.runtime.state.StateFiles;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * The last good content of the definition files, on disk: a file that was damaged while the agent
 * was away does not keep the host's services from starting, and one that was removed is taken out
 * of the registry.
 */
public final class DefinitionMemory {
  private static final System.Logger LOG = System.getLogger(DefinitionMemory.class.getName());
  private static final String FILE = "services.json";

  /** Its being there says that the registry has listed an instance of this host before. */
  private static final String LISTED = "listed";

  private final StateFiles files;
  private final BooleanSupplier owner;

  /**
   * @param owner whether this process may write: of two generations, one may
   */
  public DefinitionMemory(StateFiles files, BooleanSupplier owner) {
    this.files = files;
    this.owner = owner;
  }

  /** What was in force when it was last saved; only its texts are there. */
  Definitions load() {
    SortedMap<String, String> texts = new TreeMap<>();
    try {
      Optional<byte[]> bytes = files.read(FILE);
      if (bytes.isPresent()) {
        new JsonObject(Buffer.buffer(bytes.get()))
            .forEach(entry -> texts.put(entry.getKey(), String.valueOf(entry.getValue())));
      }
    } catch (IOException | DecodeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          files.path(FILE) + " cannot be used; going on without what was declared before",
          e);
    }
    return new Definitions(texts, List.of(), List.of());
  }

  /** Whether the registry has ever listed an instance of this host. Blocking. */
  boolean wasListed() {
    return java.nio.file.Files.exists(files.path(LISTED));
  }

  /** Blocking. */
  void listed() {
    try {
      if (owner.getAsBoolean() && !wasListed()) {
        files.write(LISTED, new byte[0]);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot write " + files.path(LISTED), e);
    }
  }

  /** Blocking. */
  void save(Definitions definitions) {
    if (!owner.getAsBoolean()) {
      return;
    }
    JsonObject json = new JsonObject();
    definitions.texts().forEach(json::put);
    try {
      files.write(FILE, json.toBuffer().getBytes());
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cannot write " + files.path(FILE) + "; is the disk full?",
          e);
    }
  }
}
