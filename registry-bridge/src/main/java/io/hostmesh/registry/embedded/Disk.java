package io.hostmesh.registry.embedded;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** The state as a file, replaced as a whole. Blocks. */
final class Disk {
  private static final String FILE = "registry.json";

  private final StateFiles files;

  /**
   * @throws UserError where the folder cannot be used
   */
  Disk(Path directory) {
    try {
      this.files = new StateFiles(directory);
    } catch (IOException e) {
      throw new UserError(
          "data-dir " + directory + ": cannot be made (" + e + "); check its owner and mode", e);
    }
  }

  /**
   * The state as it was written last; empty at the first start.
   *
   * @throws UserError where the file is of another kind
   */
  Store read() {
    try {
      Optional<byte[]> content = files.read(FILE);
      return content.isEmpty() ? Store.EMPTY : StoredForm.read(Call.MAPPER.readTree(content.get()));
    } catch (IOException | Refusal | IllegalArgumentException e) {
      throw new UserError(
          files.path(FILE)
              + ": is not a state of the registry ("
              + e.getMessage()
              + "); put a good copy there, or move it away to begin empty",
          e);
    }
  }

  /**
   * @throws UncheckedIOException where it cannot be written
   */
  void write(Store store) {
    try {
      files.write(FILE, StoredForm.write(store).toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
