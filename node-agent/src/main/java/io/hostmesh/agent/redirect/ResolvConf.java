package io.hostmesh.agent.redirect;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The name servers that the host's programs ask, from resolv.conf(5). */
public final class ResolvConf {
  public static final Path DEFAULT = Path.of("/etc/resolv.conf");

  private ResolvConf() {}

  /**
   * @return in the file's order; empty where there is no file
   * @throws IOException where it cannot be read
   */
  public static List<InetAddress> nameservers(Path file) throws IOException {
    return Files.exists(file) ? nameservers(Files.readString(file)) : List.of();
  }

  /** Lines that are no name server, or name none by its address, are passed over, as glibc does. */
  static List<InetAddress> nameservers(String text) {
    List<InetAddress> servers = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+", -1);
      if (words.length < 2 || !words[0].equals("nameserver")) {
        continue;
      }
      try {
        servers.add(InetAddress.ofLiteral(words[1]));
      } catch (IllegalArgumentException e) {
        System.getLogger(ResolvConf.class.getName())
            .log(System.Logger.Level.DEBUG, "resolv.conf: not an address: " + words[1], e);
      }
    }
    return List.copyOf(servers);
  }
}
