package io.hostmesh.citadel.authority;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.config.ConfigFile;
import io.hostmesh.runtime.state.StateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/** The passphrase under which the authority's keys lie on disk. */
public final class Passphrase {
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);
  private static final int MIN_LENGTH = 8;
  private static final int CHOSEN_ITERATIONS = 600_000;
  private static final int RANDOM_ITERATIONS = 20_000;

  private final String text;

  private Passphrase(String text) {
    this.text = text;
  }

  /**
   * Reads the file; its content without surrounding white space is the passphrase.
   *
   * @param create whether to make a random one, mode 0600, where there is no such file
   * @throws UserError where the file cannot be read, is open to others, or cannot be used
   */
  public static Passphrase read(Path file, boolean create, SecureRandom random) {
    if (create && Files.notExists(file)) {
      make(file, random);
    }
    String text = ConfigFile.text(file).strip();
    try {
      if (Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)) {
        throw new UserError(
            file + ": the passphrase is open to other users; run: chmod 600 " + file);
      }
    } catch (IOException e) {
      throw new UserError(file + ": its mode cannot be read: " + e.getMessage(), e);
    }
    if (text.length() < MIN_LENGTH || !text.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
      throw new UserError(
          file
              + ": a passphrase is one line of at least "
              + MIN_LENGTH
              + " printable ASCII characters");
    }
    return new Passphrase(text);
  }

  private static void make(Path file, SecureRandom random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    Path folder = file.toAbsolutePath().getParent();
    Path name = file.getFileName();
    if (folder == null || name == null) {
      throw new UserError(file + ": is not the path of a file");
    }
    try {
      new StateFiles(folder)
          .write(
              name.toString(),
              (HexFormat.of().formatHex(bytes) + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UserError(
          file + ": the passphrase file cannot be made: " + e + "; check the folder's owner", e);
    }
  }

  /**
   * How often PBKDF2 goes round: OWASP's advice for what a person chose; a random phrase of 256
   * bits cannot be guessed in any case.
   */
  int iterations() {
    return text.matches("[0-9a-f]{64}") ? RANDOM_ITERATIONS : CHOSEN_ITERATIONS;
  }

  char[] characters() {
    return text.toCharArray();
  }

  /** Never the passphrase. */
  @Override
  public String toString() {
    return "passphrase";
  }
}
