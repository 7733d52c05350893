package io.hostmesh.model;

import java.util.List;

/**
 * What a caller names in the TLS handshake at a mesh port: {@code
 * <instance>.<service>.<ns>.<dc>.<trust-domain>}. The receiver forwards only to that instance of
 * its own host, never to an address that a peer names.
 *
 * @param instance the instance's short id, one DNS label
 */
public record MeshSni(String instance, ServiceName service, String datacenter, String trustDomain) {
  public MeshSni {
    Names.label("instance", instance);
    Names.label("datacenter", datacenter);
    Names.domain("trust domain", trustDomain);
  }

  /** The server name as it goes into the ClientHello (RFC 6066 section 3). */
  public String host() {
    return instance
        + "."
        + service.name()
        + "."
        + service.namespace()
        + "."
        + datacenter
        + "."
        + trustDomain;
  }

  /** The identity that the receiver must prove. */
  public SpiffeId.Service identity() {
    return SpiffeId.Service.of(trustDomain, datacenter, service);
  }

  /**
   * @throws IllegalArgumentException where the name has not at least five labels
   */
  public static MeshSni parse(String host) {
    List<String> labels = List.of(host.split("\\.", 5));
    if (labels.size() < 5) {
      throw new IllegalArgumentException(
          "\"" + host + "\" is not <instance>.<service>.<namespace>.<datacenter>.<trust-domain>");
    }
    return new MeshSni(
        labels.get(0), new ServiceName(labels.get(2), labels.get(1)), labels.get(3), labels.get(4));
  }
}
