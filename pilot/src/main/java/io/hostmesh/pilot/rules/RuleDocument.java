package io.hostmesh.pilot.rules;

/**
 * A rule as it stands in the registry, good or not.
 *
 * @param path the key below the rules' folder, {@code <kind>/<namespace>/<service>} where it is
 *     right
 * @param revision the key's modify index; grows with every write
 */
public record RuleDocument(String path, String text, long revision) {}
