package io.hostmesh.runtime.state;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files with tokens, keys and passphrases: none that every user of the host can read is used. */
public final class SecretFile {
  private static final Set<PosixFilePermission> FOR_ALL =
      Set.of(
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.GROUP_WRITE);

  private SecretFile() {}

  /**
   * The file's text.
   *
   * @throws UserError where it cannot be read, or its mode lets others read or change it
   */
  public static String read(Path file) {
    check(file);
    return ConfigFile.text(file);
  }

  /**
   * Judges the mode of a file; one that is not there is left to its reader.
   *
   * @throws UserError where its mode lets others read or change it
   */
  public static void check(Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      if (mode.stream().anyMatch(FOR_ALL::contains)) {
        throw new UserError(
            file
                + ": holds a secret and has mode "
                + PosixFilePermissions.toString(mode)
                + "; other users must not read or change it: chmod 600 "
                + file
                + ", and replace the secret where others may have read it");
      }
    } catch (NoSuchFileException e) {
      // Whoever reads it says so.
    } catch (IOException e) {
      throw new UserError(file + ": its mode cannot be read: " + e, e);
    }
  }
}
