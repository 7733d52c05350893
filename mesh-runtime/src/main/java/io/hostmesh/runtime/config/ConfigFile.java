package io.hostmesh.runtime.config;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.UserError;
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
   * @throws UserError where the file cannot be read
   * @throws io.hostmesh.model.hocon.HoconException where its content cannot be used
   */
  public static <T> T read(Path file, List<String> overrides, Function<Section, T> reader) {
    Section section = Section.parse(file.toString(), text(file), overrides);
    T value = reader.apply(section);
    section.end();
    return value;
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
