package io.hostmesh.runtime.config;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.state.SecretFile;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Reads HOCON files from disk. */
public final class ConfigFile {
  private ConfigFile() {}

  /**
   * Reads a whole configuration: the file, the settings laid over it, and the refusal of keys that
   * the reader does not know.
   *
   * @param overrides HOCON texts such as {@code log.level = debug}
   * @throws UserError where the file cannot be read, holds a secret and can be read by all, or a
   *     secret is among the overrides
   * @throws io.hostmesh.model.hocon.HoconException where its content cannot be used
   */
  public static <T> T read(Path file, List<String> overrides, Function<Section, T> reader) {
    String text = text(file);
    refuseSecrets(overrides);
    if (Secrets.find(Section.parse(file.toString(), text)).isPresent()) {
      SecretFile.check(file);
    }
    Section section = Section.parse(file.toString(), text, overrides);
    T value = reader.apply(section);
    section.end();
    return value;
  }

  /** Every user of the host can read the process list. */
  private static void refuseSecrets(List<String> overrides) {
    for (String override : overrides) {
      Secrets.find(Section.parse("--set", override))
          .ifPresent(
              key -> {
                throw new UserError(
                    "--set "
                        + key
                        + ": a secret on the command line is seen by every user of this host; put"
                        + " it into a file of mode 0600 and name that, for instance --set "
                        + key
                        + "-file=FILE");
              });
    }
  }

  /**
   * A text file's content.
   *
   * @throws UserError where it cannot be read
   */
  public static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new UserError(file + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new UserError(file + ": not readable by this user; check its owner and mode", e);
    } catch (MalformedInputException e) {
      throw new UserError(file + ": is not UTF-8 text", e);
    } catch (IOException e) {
      throw new UserError(
          file + ": cannot be read: " + (Files.isDirectory(file) ? "is a folder" : e.getMessage()),
          e);
    }
  }
}
