package io.hostmesh.registry;

import io.hostmesh.model.Instance;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The names that the mesh writes into the registry beside {@link Instance}'s metadata keys. */
public final class RegistrationMeta {
  /**
   * Service metadata: the mesh's name of the host, where Consul's node has another one. Also node
   * metadata: marks the nodes that the mesh wrote itself, whose heartbeats are its business.
   */
  public static final String NODE = Instance.META_PREFIX + "node";

  /**
   * Added to an instance's metadata when it is read, where the service's own address is another:
   * the node's address.
   */
  public static final String NODE_ADDRESS = Instance.META_PREFIX + "node-address";

  /** The id of every check that the mesh writes begins so. */
  public static final String CHECK_PREFIX = "hostmesh:";

  /** The check of a node of ours that says whether its agent's heartbeat is there. */
  public static final String HEARTBEAT_CHECK = CHECK_PREFIX + "heartbeat";

  /** What the heartbeat check says of a living node. */
  public static final String A_HEARTBEAT = "the heartbeat of the host's agent is there";

  /** And of a dead one. */
  public static final String NO_HEARTBEAT = "no heartbeat from the host's agent";

  /** The name of the session that is a node's heartbeat. */
  public static final String HEARTBEAT_SESSION = "hostmesh-heartbeat";

  /** The embedded registry says this of itself in the metadata of its agent. */
  public static final String EMBEDDED = "hostmesh-embedded";

  private RegistrationMeta() {}

  /**
   * Metadata as a check's notes: how a service that is not ours is annotated without a change to
   * its registration.
   */
  static String toNotes(SortedMap<String, String> meta) {
    return meta.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(Instance.META_PREFIX))
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(" "));
  }

  static SortedMap<String, String> fromNotes(String notes) {
    SortedMap<String, String> meta = new TreeMap<>();
    for (String word : notes.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0 && word.startsWith(Instance.META_PREFIX)) {
        meta.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return Collections.unmodifiableSortedMap(meta);
  }
}
