package io.hostmesh.agent.discovery;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.Resource;
import io.hostmesh.model.ServiceName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The last good configuration as bytes for the disk: pilot's resources as they came, one response a
 * kind, so that reading them back is receiving them again. Also the services that were called from
 * here.
 *
 * <p>Layout: a mark and a layout version, the used names, then length-delimited responses.
 */
record LastGood(DiscoveryState state, Set<ServiceName> used) {
  private static final int MARK = 0x484D4C47; // "HMLG"
  private static final int LAYOUT = 1;

  LastGood {
    used = Set.copyOf(used);
  }

  /**
   * @throws IOException never in practice: the bytes go to memory
   */
  byte[] encode() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeFixed32NoTag(MARK);
    out.writeUInt32NoTag(LAYOUT);
    out.writeUInt32NoTag(used.size());
    for (ServiceName name : new TreeSet<>(used)) {
      out.writeStringNoTag(name.full());
    }
    for (ResourceType type : ResourceType.values()) {
      out.writeMessageNoTag(response(type, state.of(type)));
    }
    out.flush();
    return bytes.toByteArray();
  }

  private static DeltaDiscoveryResponse response(ResourceType type, Held held) {
    DeltaDiscoveryResponse.Builder response =
        DeltaDiscoveryResponse.newBuilder()
            .setTypeUrl(type.typeUrl())
            .addAllRemovedResources(new TreeSet<>(held.absent()));
    for (String name : new TreeSet<>(held.byName().keySet())) {
      Accepted accepted = held.byName().get(name);
      if (accepted != null) {
        response.addResources(
            Resource.newBuilder()
                .setName(name)
                .setVersion(accepted.version())
                .setResource(accepted.resource()));
      }
    }
    return response.build();
  }

  /**
   * Empty where the bytes are of another layout, which an older or newer agent wrote.
   *
   * @throws IOException where they are damaged
   */
  static Optional<LastGood> decode(byte[] bytes) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    if (in.readFixed32() != MARK || in.readUInt32() != LAYOUT) {
      return Optional.empty();
    }
    Set<ServiceName> used = new HashSet<>();
    int names = in.readUInt32();
    for (int i = 0; i < names; i++) {
      used.add(name(in.readString()));
    }
    DiscoveryState state = DiscoveryState.EMPTY;
    while (!in.isAtEnd()) {
      DeltaDiscoveryResponse response = DeltaDiscoveryResponse.parseFrom(in.readByteArray());
      // What an older agent could use and this one cannot is left out; pilot sends it again.
      state = DiscoveryReducer.reduce(state, response).state();
    }
    return Optional.of(new LastGood(state, used));
  }

  private static ServiceName name(String text) throws IOException {
    try {
      return ServiceName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
