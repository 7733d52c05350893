package io.hostmesh.model.rules;

import java.util.Optional;

/**
 * How a service's instances share its requests.
 *
 * @param policy empty for the calling agent's own setting
 */
public record Balance(Optional<BalancePolicy> policy) {}
