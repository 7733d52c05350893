package io.hostmesh.agent.balance;

/** How a service's instances share its requests. */
public enum BalancePolicy {
  LEAST_REQUEST,
  ROUND_ROBIN
}
