package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import java.util.Optional;

/**
 * Where copies of requests go whose answers nobody gets.
 *
 * @param service empty for the rule's own
 * @param subset of that service, as its own route declares it
 * @param share of the requests
 */
public record MirrorPolicy(Optional<ServiceName> service, Optional<String> subset, Share share) {}
