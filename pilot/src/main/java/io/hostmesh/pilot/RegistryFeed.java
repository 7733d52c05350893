package io.hostmesh.pilot;

import io.hostmesh.pilot.catalog.AddressKeeper;
import io.hostmesh.pilot.rules.RuleStore;
import io.hostmesh.pilot.snapshot.MeshState;
import io.hostmesh.pilot.snapshot.Published;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.Intentions;
import io.hostmesh.registry.Registry;
import io.hostmesh.registry.RegistryException;
import io.hostmesh.registry.Watch;
import io.hostmesh.registry.WatchListener;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;

/** Hears the parts of the mesh from the registry, and whether it answers. Safe for any thread. */
final class RegistryFeed implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RegistryFeed.class.getName());
  private static final String ENTITLEMENTS = "hostmesh/entitlements/";

  private final Registry registry;
  private final MeshState mesh;
  private final AddressKeeper addresses;
  private final List<Watch> watches = new ArrayList<>();
  private final Map<MeshState.Part, String> failing = new EnumMap<>(MeshState.Part.class);

  RegistryFeed(Registry registry, MeshState mesh, AddressKeeper addresses) {
    this.registry = registry;
    this.mesh = mesh;
    this.addresses = addresses;
  }

  void start() {
    watches.add(registry.watchCatalog(heard(MeshState.Part.CATALOG, mesh::heard)));
    watch(
        RuleStore.FOLDER,
        MeshState.Part.RULES,
        entries -> mesh.heardRules(RuleStore.documents(entries)));
    watches.add(registry.watchIntentions(intentions()));
    watch(ENTITLEMENTS, MeshState.Part.ENTITLEMENTS, this::entitlements);
    watch(
        AddressKeeper.FOLDER,
        MeshState.Part.ADDRESSES,
        entries -> mesh.heardAllotments(addresses.heard(entries)));
  }

  /** A registry that refuses to show intentions is told, and is no reason not to serve. */
  private WatchListener<Intentions> intentions() {
    WatchListener<Intentions> heard = heard(MeshState.Part.INTENTIONS, mesh::heardIntentions);
    return new WatchListener<>() {
      @Override
      public void changed(Intentions state) {
        heard.changed(state);
      }

      @Override
      public void failing(RegistryException failure, int failures) {
        if (failure.kind() != RegistryException.Kind.REFUSED) {
          heard.failing(failure, failures);
          return;
        }
        heard.recovered();
        mesh.cannotReadIntentions(String.valueOf(failure.getMessage())); // Which tells people.
      }

      @Override
      public void recovered() {
        heard.recovered();
        mesh.canReadIntentions();
      }
    };
  }

  private void watch(
      String folder, MeshState.Part part, Consumer<SortedMap<String, Entry>> listener) {
    watches.add(registry.keyValue().watch(folder, heard(part, listener)));
  }

  private void entitlements(SortedMap<String, Entry> entries) {
    Map<String, byte[]> statements = new HashMap<>();
    entries.forEach(
        (key, entry) -> {
          if (!key.endsWith("/")) {
            statements.put(key.substring(ENTITLEMENTS.length()), entry.bytes());
          }
        });
    mesh.heardEntitlements(statements);
  }

  private <T> WatchListener<T> heard(MeshState.Part part, Consumer<T> listener) {
    return new WatchListener<>() {
      @Override
      public void changed(T state) {
        answers(part);
        listener.accept(state);
      }

      @Override
      public void failing(RegistryException failure, int failures) {
        fails(part, failure);
      }

      @Override
      public void recovered() {
        answers(part);
      }
    };
  }

  private synchronized void fails(MeshState.Part part, RegistryException failure) {
    boolean first = failing.isEmpty();
    failing.put(part, String.valueOf(failure.getMessage()));
    if (first) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}; agents keep what they have, and pilot keeps trying",
          failure.getMessage());
    }
  }

  private synchronized void answers(MeshState.Part part) {
    if (failing.remove(part) != null && failing.isEmpty()) {
      LOG.log(System.Logger.Level.INFO, "registry {0}: answers again", registry.settings());
    }
  }

  /** Why the registry cannot be heard now; empty where it can. */
  synchronized Optional<String> failure() {
    return failing.values().stream().findFirst();
  }

  /** For readiness: what has not been heard since the start; empty once everything was. */
  Optional<String> missing() {
    for (MeshState.Part part : MeshState.Part.values()) {
      if (!mesh.hasHeard(part)) {
        return Optional.of(
            failure()
                .orElse(
                    "waiting for "
                        + part.name().toLowerCase(java.util.Locale.ROOT)
                        + " from "
                        + registry.settings()));
      }
    }
    return mesh.published().filter(Published::live).isPresent()
        ? Optional.empty()
        : Optional.of("making the first snapshot");
  }

  @Override
  public void close() {
    watches.forEach(Watch::close);
  }
}
