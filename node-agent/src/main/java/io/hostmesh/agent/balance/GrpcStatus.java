package io.hostmesh.agent.balance;

/** gRPC's status codes, as HTTP's: the same mapping as Envoy's. */
public final class GrpcStatus {
  private static final int[] HTTP = {
    200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401
  };

  private GrpcStatus() {}

  /** Of a header's or trailer's text. */
  public static int http(String code) {
    try {
      return http(Integer.parseInt(code));
    } catch (NumberFormatException e) {
      return http(-1);
    }
  }

  /**
   * @param code 0 to 16; of any other nothing is known, which is 500 as UNKNOWN is
   */
  public static int http(int code) {
    return code >= 0 && code < HTTP.length ? HTTP[code] : 500;
  }
}
