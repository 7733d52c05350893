package io.hostmesh.agent.local;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The folder of service definitions: every {@code *.conf} that is not hidden. Blocking. */
record DefinitionFolder(Path folder) {

  /**
   * Reads all files.
   *
   * @throws UserError where the folder itself cannot be read
   */
  Map<String, Definitions.Content> read() {
    Map<String, Definitions.Content> files = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*.conf")) {
      for (Path file : entries) {
        String name = String.valueOf(file.getFileName());
        if (!name.startsWith(".")) {
          files.put(file.toString(), content(file));
        }
      }
    } catch (NoSuchFileException e) {
      throw new UserError(
          "services-dir: there is no folder " + folder + "; make it, or name another one", e);
    } catch (AccessDeniedException e) {
      throw new UserError(
          "services-dir: " + folder + " is not readable by this user; check its owner and mode", e);
    } catch (NotDirectoryException e) {
      throw new UserError("services-dir: " + folder + " is not a folder", e);
    } catch (IOException e) {
      throw new UserError("services-dir: " + folder + " cannot be read: " + e.getMessage(), e);
    }
    return files;
  }

  private static Definitions.Content content(Path file) {
    try {
      return new Definitions.Content.Text(ConfigFile.text(file));
    } catch (UserError e) {
      return new Definitions.Content.Unreadable(String.valueOf(e.getMessage()));
    }
  }
}
