package io.hostmesh.runtime.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * A folder of small files, each replaced as a whole: a reader sees the old content or the new one,
 * also after a power failure. Safe for several threads as long as they write different names.
 */
public final class StateFiles {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final Path directory;

  /**
   * @throws IOException where the folder is not there and cannot be made
   */
  public StateFiles(Path directory) throws IOException {
    Files.createDirectories(directory);
    this.directory = directory;
  }

  public Path path(String name) {
    return directory.resolve(name);
  }

  public Optional<byte[]> read(String name) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(path(name)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Writes for the owner's eyes only (mode 0600): content, fsync, rename, fsync of the folder. */
  public void write(String name, byte[] content) throws IOException {
    Path temporary = directory.resolve("." + name + ".new");
    Files.deleteIfExists(temporary);
    Files.createFile(temporary, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(temporary, path(name), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(directory, StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  public void delete(String name) throws IOException {
    Files.deleteIfExists(path(name));
  }
}
