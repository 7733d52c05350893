package io.hostmesh.runtime;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host and a port as configuration writes them: {@code name:port}, {@code 10.0.0.1:port} or
 * {@code [2001:db8::1]:port}.
 *
 * @param host a name or an address, an IPv6 address without its brackets
 * @param port 0 to 65535; 0 lets the kernel choose where one listens
 */
public record HostPort(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?<name>[A-Za-z0-9._-]{1,253}|\\[(?<six>[0-9A-Fa-f:.]{2,45})\\]):(?<port>[0-9]{1,5})");

  /**
   * @throws IllegalArgumentException with a sentence where the text has no such form
   */
  public static HostPort parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not host:port; write for instance 10.0.0.1:15010");
    }
    int port = Integer.parseInt(matcher.group("port"));
    if (port > 65535) {
      throw new IllegalArgumentException("port " + port + " is not within 0 to 65535");
    }
    String six = matcher.group("six");
    return new HostPort(six == null ? matcher.group("name") : six, port);
  }

  /**
   * What to say where one cannot listen here.
   *
   * @param key the configuration's, for instance {@code metrics.listen}
   */
  public UserError cannotListen(String key, Throwable cause) {
    return new UserError(
        "cannot listen on "
            + this
            + " ("
            + key
            + "): "
            + cause.getMessage()
            + "; another process may have the port",
        cause);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
