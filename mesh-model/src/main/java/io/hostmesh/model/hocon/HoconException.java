package io.hostmesh.model.hocon;

/** A document that cannot be used as it is; the message is one line for the person who wrote it. */
public final class HoconException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Origin origin;

  /**
   * @param problem what is wrong and what would be right, without the place
   */
  public HoconException(Origin origin, String problem) {
    super(origin + ": " + problem);
    this.origin = origin;
  }

  public HoconException(Origin origin, String problem, Throwable cause) {
    super(origin + ": " + problem, cause);
    this.origin = origin;
  }

  public Origin origin() {
    return origin;
  }
}
