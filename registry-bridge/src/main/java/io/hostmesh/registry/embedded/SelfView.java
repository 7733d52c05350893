package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.hostmesh.registry.RegistrationMeta;

/** What the registry says of itself. Pure. */
final class SelfView {
  /** The Consul whose API is meant. */
  private static final String VERSION = "1.22.3";

  private SelfView() {}

  /** {@code /v1/agent/self}. */
  static ObjectNode of(EmbeddedSettings settings) {
    ObjectNode view = Views.object();
    view.putObject("Config")
        .put("Datacenter", settings.datacenter())
        .put("PrimaryDatacenter", settings.datacenter())
        .put("NodeName", settings.node())
        .put("NodeID", "")
        .put("Revision", "")
        .put("Server", true)
        .put("Version", VERSION);
    view.putObject("DebugConfig");
    ObjectNode member =
        view.putObject("Member")
            .put("Name", settings.node())
            .put("Addr", settings.host())
            .put("Port", 0);
    member.putObject("Tags").put("dc", settings.datacenter());
    member
        .put("Status", 1)
        .put("ProtocolMin", 1)
        .put("ProtocolMax", 5)
        .put("ProtocolCur", 2)
        .put("DelegateMin", 2)
        .put("DelegateMax", 5)
        .put("DelegateCur", 4);
    view.putObject("Meta").put(RegistrationMeta.EMBEDDED, "true");
    return view;
  }

  /** The leader's address: the registry is its own, and speaks no other protocol. */
  static JsonNode leader(EmbeddedSettings settings) {
    return TextNode.valueOf(settings.host() + ":" + settings.port());
  }
}
