package io.hostmesh.agent.discovery;

import io.hostmesh.model.ServiceName;

/** Where the data path gets the mesh from. Safe for any thread. */
public interface MeshSource {
  /** The current view, from one volatile read. */
  MeshView view();

  /**
   * Asks for a service's endpoints and route, from now on. Returns at once.
   *
   * @param arrived run once on any thread: as soon as the endpoints are in the view, or where they
   *     cannot be had now (pilot is away, or does not answer within 2 s); the caller looks again
   */
  void need(ServiceName service, Runnable arrived);
}
