package io.hostmesh.cli.lab;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code lab run} was asked for.
 *
 * @param address where the program listens as the agent calls it; empty for the loopback address
 * @param check {@code tcp}, {@code none} or {@code http=/path}
 * @param command resolved as far as it can be outside of the host
 * @param env the caller's environment
 * @param user whom to run as instead of the service's own user
 * @param copies files put into the instance's folder before it starts
 */
record InstanceSpec(
    String host,
    ServiceName service,
    int port,
    Optional<String> address,
    Protocol protocol,
    Map<String, String> meta,
    String check,
    List<String> command,
    Map<String, String> env,
    Optional<String> user,
    List<Path> copies) {

  /**
   * @throws UserError where a part cannot be
   */
  InstanceSpec {
    meta = Map.copyOf(meta);
    command = List.copyOf(command);
    env = Map.copyOf(env);
    copies = List.copyOf(copies);
    if (port < 1 || port > 65535) {
      throw new UserError("--port " + port + " is not within 1 to 65535");
    }
    address.ifPresent(InstanceSpec::requireAddress);
    for (String key : meta.keySet()) {
      if (key.startsWith(Instance.META_PREFIX)) {
        throw new UserError("--meta " + key + ": keys with " + Instance.META_PREFIX + " are ours");
      }
    }
    if (!check.equals("tcp") && !check.equals("none") && !check.startsWith("http=/")) {
      throw new UserError("--check " + check + ": use tcp, none or http=/path");
    }
  }

  private static void requireAddress(String address) {
    try {
      var _ = InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "--address " + address + " is not an IP address; 'hostmesh lab status' has the hosts'",
          e);
    }
  }

  /** The instance's short id on its host. */
  String id() {
    return "p" + port;
  }

  /** As the agent's folder of services holds it. */
  String definition(String group, Optional<Integer> uid) {
    StringBuilder text = new StringBuilder("service {\n");
    text.append("  name = ").append(quoted(service.name())).append('\n');
    text.append("  namespace = ").append(quoted(service.namespace())).append('\n');
    text.append("  port = ").append(port).append('\n');
    address.ifPresent(ip -> text.append("  address = ").append(quoted(ip)).append('\n'));
    text.append("  id = ").append(id()).append('\n');
    text.append("  protocol = ").append(protocol.text()).append('\n');
    text.append("  workload { cgroup = ").append(quoted(group));
    uid.ifPresent(id -> text.append(", user = ").append(id));
    text.append(" }\n  meta {");
    new TreeMap<>(meta)
        .forEach(
            (key, value) ->
                text.append(' ')
                    .append(quoted(key))
                    .append(" = ")
                    .append(quoted(value))
                    .append(','));
    text.append(" }\n  checks = [ { ").append(checkText()).append(" } ]\n}\n");
    return text.toString();
  }

  private String checkText() {
    if (check.equals("none")) {
      return "command = [ \"true\" ]";
    }
    return check.equals("tcp")
        ? "tcp = true, interval = 500ms"
        : "http = " + quoted(check.substring("http=".length())) + ", interval = 500ms";
  }

  /** A HOCON string, which is a JSON string. */
  static String quoted(String text) {
    return new JsonArray().add(text).encode().replaceAll("^\\[|]$", "");
  }

  JsonObject json() {
    return new JsonObject()
        .put("host", host)
        .put("service", service.full())
        .put("port", port)
        .put("address", address.orElse(""))
        .put("protocol", protocol.text())
        .put("meta", strings(meta))
        .put("check", check)
        .put("command", new JsonArray(command))
        .put("env", strings(env))
        .put("user", user.orElse(""))
        .put("copies", new JsonArray(copies.stream().map(Path::toString).toList()));
  }

  private static JsonObject strings(Map<String, String> map) {
    JsonObject json = new JsonObject();
    map.forEach(json::put);
    return json;
  }

  static InstanceSpec of(JsonObject json) {
    return new InstanceSpec(
        json.getString("host"),
        ServiceName.parse(json.getString("service")),
        json.getInteger("port"),
        Optional.of(json.getString("address")).filter(ip -> !ip.isEmpty()),
        Protocol.parse(json.getString("protocol")),
        strings(json.getJsonObject("meta")),
        json.getString("check"),
        json.getJsonArray("command").stream().map(String::valueOf).toList(),
        strings(json.getJsonObject("env")),
        Optional.of(json.getString("user")).filter(name -> !name.isEmpty()),
        json.getJsonArray("copies").stream().map(String::valueOf).map(Path::of).toList());
  }

  static Map<String, String> strings(JsonObject json) {
    Map<String, String> map = new TreeMap<>();
    json.forEach(entry -> map.put(entry.getKey(), String.valueOf(entry.getValue())));
    return map;
  }
}
