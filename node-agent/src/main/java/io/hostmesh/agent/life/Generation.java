package io.hostmesh.agent.life;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which start of the agent on this host this is, from 1. Grows with every start, so that two that
 * overlap can be told apart.
 *
 * @param file where the newest number stands
 */
record Generation(Path file, long number) {
  private static final int LONGEST = 20;

  /**
   * Takes the next number. Blocking.
   *
   * @throws UserError where the file cannot be written
   */
  static Generation next(Path folder) {
    Path file = folder.resolve("generation");
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      long number = read(channel) + 1;
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(Long.toString(number).getBytes(StandardCharsets.US_ASCII)), 0);
      return new Generation(file, number);
    } catch (IOException e) {
      throw new UserError(
          "state-dir: cannot write " + file + ": " + e + "; check owner, mode and disk", e);
    }
  }

  /** Whether a later generation has begun. Blocking. */
  boolean isSucceeded() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(channel) > number;
    }
  }

  /** 0 where there is nothing, or nothing that is a number: then counting begins anew. */
  private static long read(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST);
    channel.read(bytes, 0);
    String text = StandardCharsets.US_ASCII.decode(bytes.flip()).toString().strip();
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
  }
}
