package io.hostmesh.agent.limit;

import io.hostmesh.model.rules.LimitRule.Limit;

/**
 * How a caller stands with a limit.
 *
 * @param remaining tokens that are left
 * @param reset seconds until all are back, or, for who is refused, until there is one; 1 or more
 */
public record Standing(Limit limit, long remaining, long reset) {}
