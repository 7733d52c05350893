package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An instance that runs on this host, as it shall stand in the registry.
 *
 * @param id its id in Consul, unique on the node; of an adopted service, the id that it has there
 * @param instance its short id in the mesh; of an adopted service, {@link InstanceIds#of(String)}
 * @param address where other hosts reach it without the mesh
 * @param meta the user's own and the mesh's; its name, protocol and instance are added
 * @param checks those that will be reported; without any, it is healthy while the agent lives
 * @param adopted whether somebody else registered it: then its registration is left as it is, only
 *     checks are added to it, and only they are taken away again
 */
public record LocalService(
    String id,
    ServiceName service,
    String instance,
    String address,
    int port,
    Protocol protocol,
    SortedMap<String, String> meta,
    List<LocalCheck> checks,
    boolean adopted) {

  public LocalService {
    meta = Collections.unmodifiableSortedMap(new TreeMap<>(meta));
    checks = List.copyOf(checks);
  }

  /** All metadata as the registry gets it, from a node. */
  SortedMap<String, String> registeredMeta(RegisteringNode node) {
    SortedMap<String, String> all = new TreeMap<>(meta);
    all.put(Instance.META_NAMESPACE, service.namespace());
    all.put(Instance.META_PROTOCOL, protocol.text());
    all.put(Instance.META_INSTANCE, instance);
    all.put(RegistrationMeta.NODE, node.name());
    return all;
  }

  /** The id of a check in the registry, unique on the node. */
  String checkId(String check) {
    return RegistrationMeta.CHECK_PREFIX + id + ":" + check;
  }
}
