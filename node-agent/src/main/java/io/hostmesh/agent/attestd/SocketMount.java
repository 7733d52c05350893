package io.hostmesh.agent.attestd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The mount that the kernel keeps all sockets on (sockfs), which proc(5) names by a number. */
final class SocketMount {
  private static final Pattern MOUNT = Pattern.compile("(?m)^mnt_id:\\t([0-9]+)$");

  private SocketMount() {}

  /** Its number, seen at a socket of our own. */
  static int number() {
    try (ServerSocket own = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path file : files) {
        if (isSocket(file)) {
          Matcher mount =
              MOUNT.matcher(
                  Files.readString(
                      Path.of("/proc/self/fdinfo").resolve(file.getFileName()),
                      StandardCharsets.ISO_8859_1));
          if (mount.find()) {
            return Integer.parseInt(mount.group(1));
          }
        }
      }
      throw new IllegalStateException("the kernel does not say where " + own + " is");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSocket(Path file) {
    try {
      return Files.readSymbolicLink(file).toString().startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }
}
