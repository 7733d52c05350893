package io.hostmesh.agent.authz;

import java.util.List;

/** What the rules say of a call. Immutable, for any thread. */
public sealed interface Verdict {
  /** Nothing speaks of the service, and nothing has to be said. */
  Verdict OPEN = new Allowed(Mark.NONE, List.of());

  /** What decided; {@link Mark#NONE} where no rule did. */
  Mark by();

  /**
   * What is to be counted and logged beside: audits, and what a rule on trial would have denied.
   */
  List<Mark> notes();

  record Allowed(Mark by, List<Mark> notes) implements Verdict {
    public Allowed {
      notes = List.copyOf(notes);
    }
  }

  /**
   * @param sentence which rule denied whom and what
   */
  record Denied(Why why, String sentence, Mark by, List<Mark> notes) implements Verdict {
    public Denied {
      notes = List.copyOf(notes);
    }
  }

  /** What kind of refusal it is. */
  enum Why {
    /** By a rule, or by the default of one or of the mesh. */
    ACCESS,
    /** The caller has no identity, and one is asked for. */
    PLAINTEXT,
    /** The request has two meanings, and rules are about what it means. */
    MALFORMED,
    /** There is no configuration to judge by. */
    UNKNOWN_MESH,
    /** There were too many before it. */
    LIMITED
  }
}
