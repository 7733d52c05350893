package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.kiwiproject.consul.model.catalog.ServiceWeights;
import org.kiwiproject.consul.model.health.HealthCheck;
import org.kiwiproject.consul.model.health.Service;
import org.kiwiproject.consul.model.health.ServiceHealth;

/** How an entry of Consul's health endpoint becomes an instance of the mesh. */
final class InstanceReader {
  private InstanceReader() {}

  /**
   * @throws IllegalArgumentException with a sentence, where the entry cannot be an instance
   */
  static Instance read(ServiceHealth health) {
    Service service = health.getService();
    Map<String, String> meta = meta(health);
    String namespace = meta.getOrDefault(Instance.META_NAMESPACE, ServiceName.DEFAULT_NAMESPACE);
    String node = meta.getOrDefault(RegistrationMeta.NODE, health.getNode().getNode());
    String address =
        service.getAddress().isEmpty() ? health.getNode().getAddress() : service.getAddress();
    if (!address.equals(health.getNode().getAddress())) {
      meta.put(RegistrationMeta.NODE_ADDRESS, health.getNode().getAddress());
    }
    service
        .getWeights()
        .map(ServiceWeights::getPassing)
        .filter(weight -> weight > 1)
        .ifPresent(weight -> meta.put(Instance.META_WEIGHT, Integer.toString(weight)));
    return new Instance(
        InstanceIds.of(service.getId(), meta),
        new ServiceName(namespace, service.getService()),
        node,
        address,
        service.getPort(),
        protocol(meta),
        meta,
        health.getChecks().stream().noneMatch(check -> check.getStatus().equals("critical")));
  }

  /** The registration's own metadata, with what our check beside an adopted service says. */
  private static Map<String, String> meta(ServiceHealth health) {
    Map<String, String> meta = new HashMap<>(health.getService().getMeta());
    for (HealthCheck check : health.getChecks()) {
      if (check.getCheckId().startsWith(RegistrationMeta.CHECK_PREFIX)) {
        meta.putAll(RegistrationMeta.fromNotes(check.getNotes().orElse("")));
      }
    }
    return meta;
  }

  /** A protocol that we do not know is bytes to us; one that nobody declares is found out. */
  private static Protocol protocol(Map<String, String> meta) {
    return Optional.ofNullable(meta.get(Instance.META_PROTOCOL))
        .or(() -> Optional.ofNullable(meta.get("protocol")))
        .map(text -> known(text).orElse(Protocol.TCP))
        .orElse(Protocol.AUTO);
  }

  private static Optional<Protocol> known(String text) {
    for (Protocol protocol : Protocol.values()) {
      if (protocol.text().equals(text)) {
        return Optional.of(protocol);
      }
    }
    return Optional.empty();
  }
}
