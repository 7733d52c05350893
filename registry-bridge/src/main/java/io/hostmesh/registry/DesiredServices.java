package io.hostmesh.registry;

import java.util.Map;

/**
 * What the registry shall say about this host, at one moment.
 *
 * @param services by id
 * @param reports the latest of each check, by {@link LocalService#checkId}
 * @param departing those to be taken out, by id
 */
record DesiredServices(
    Map<String, LocalService> services,
    Map<String, CheckReport> reports,
    Map<String, LocalService> departing) {
  DesiredServices {
    services = Map.copyOf(services);
    reports = Map.copyOf(reports);
    departing = Map.copyOf(departing);
  }
}
