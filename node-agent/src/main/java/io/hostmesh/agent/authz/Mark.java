package io.hostmesh.agent.authz;

/**
 * A rule's part in a decision, as logs and metrics show it. Made when rules arrive.
 *
 * @param rule {@code <kind>/<namespace>/<service>#<grant>}, the grant by its name or by its list
 *     and place; {@code mesh.default-access} where the mesh's default decided; empty where nothing
 *     did
 */
public record Mark(String rule, Kind kind) {
  /** Nothing decided, and nothing is to be counted. */
  public static final Mark NONE = new Mark("", Kind.ALLOW);

  /** What became of the call. */
  public enum Kind {
    ALLOW("allow"),
    DENY("deny"),
    AUDIT("audit"),
    /** It was let through, but would have been denied. */
    DRY_RUN_DENY("dry_run_deny");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** As the metric's label writes it. */
    public String text() {
      return text;
    }
  }
}
