package io.hostmesh.agent.discovery;

import io.hostmesh.model.ServiceName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The directory, found by name, virtual address and instance address. Immutable. */
final class DirectoryIndex {
  static final DirectoryIndex EMPTY = new DirectoryIndex(List.of());

  private final List<DirectoryEntry> entries;
  private final Map<ServiceName, DirectoryEntry> byName = new HashMap<>();
  private final Map<InetAddress, DirectoryEntry> byVirtualAddress = new HashMap<>();
  private final Map<InetSocketAddress, DirectoryEntry> byAddress = new HashMap<>();

  /** Where two services have the same address, the first by name has it. */
  DirectoryIndex(Collection<DirectoryEntry> directory) {
    entries = directory.stream().sorted(Comparator.comparing(DirectoryEntry::service)).toList();
    for (DirectoryEntry entry : entries) {
      byName.put(entry.service(), entry);
      entry.virtualAddresses().forEach(address -> byVirtualAddress.putIfAbsent(address, entry));
      entry.addresses().forEach(address -> byAddress.putIfAbsent(address, entry));
    }
  }

  List<DirectoryEntry> entries() {
    return entries;
  }

  Optional<DirectoryEntry> byName(ServiceName service) {
    return Optional.ofNullable(byName.get(service));
  }

  Optional<DirectoryEntry> byDestination(InetSocketAddress destination) {
    DirectoryEntry virtual = byVirtualAddress.get(destination.getAddress());
    return Optional.ofNullable(virtual != null ? virtual : byAddress.get(destination));
  }

  /** Where instances listen: what is captured beside the virtual addresses. */
  Set<InetSocketAddress> addresses() {
    return Collections.unmodifiableSet(byAddress.keySet());
  }
}
