package io.hostmesh.agent.attestd;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * SHA-256 of programs, read through {@code /proc/<pid>/exe}, so of what runs and not of what lies
 * at a path by now. A hash is remembered for a file's content: its device, inode, size and times of
 * change, of which the last is the kernel's alone. Safe for any thread; reading blocks.
 */
final class ExecutableHashes {
  private static final int MOST = 1000;

  /** What names a content. */
  record FileKey(long device, long inode, long size, Object modified, Object changed) {
    static FileKey of(Path file) throws IOException {
      Map<String, Object> all =
          Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
      return new FileKey(
          ((Number) get(all, "dev")).longValue(),
          ((Number) get(all, "ino")).longValue(),
          ((Number) get(all, "size")).longValue(),
          get(all, "lastModifiedTime"),
          get(all, "ctime"));
    }

    private static Object get(Map<String, Object> all, String name) {
      return java.util.Objects.requireNonNull(all.get(name), name);
    }
  }

  private final Map<FileKey, String> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<FileKey, String> eldest) {
          return size() > MOST;
        }
      };

  /**
   * @throws IOException where the file is gone, may not be read, or changes under the reading
   */
  String of(Path executable) throws IOException {
    FileKey before = FileKey.of(executable);
    synchronized (known) {
      String hash = known.get(before);
      if (hash != null) {
        return hash;
      }
    }
    String hash = read(executable);
    if (!FileKey.of(executable).equals(before)) {
      throw new IOException("it changed while it was read");
    }
    synchronized (known) {
      known.put(before, hash);
    }
    return hash;
  }

  private static String read(Path file) throws IOException {
    try (InputStream content = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (DigestInputStream hashing = new DigestInputStream(content, digest)) {
        byte[] buffer = new byte[64 * 1024];
        while (hashing.read(buffer) >= 0) {
          // The digest takes what is read.
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
