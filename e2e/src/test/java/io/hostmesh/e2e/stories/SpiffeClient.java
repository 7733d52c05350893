package io.hostmesh.e2e.stories;

import io.spiffe.svid.jwtsvid.JwtSvid;
import io.spiffe.workloadapi.DefaultWorkloadApiClient;
import io.spiffe.workloadapi.WorkloadApiClient;
import io.spiffe.workloadapi.X509Context;
import java.util.Set;

/**
 * An application that fetches identities of its own with java-spiffe, finding the agent by {@code
 * SPIFFE_ENDPOINT_SOCKET}, and says what it got, a line each.
 */
final class SpiffeClient {
  private SpiffeClient() {}

  public static void main(String[] args) throws Exception {
    try (WorkloadApiClient client = DefaultWorkloadApiClient.newClient()) {
      X509Context context = client.fetchX509Context();
      System.out.println("id " + context.getDefaultSvid().getSpiffeId());
      System.out.println(
          "bundles "
              + context.getX509BundleSet().getBundles().keySet()
              + " "
              + context
                  .getX509BundleSet()
                  .getBundleForTrustDomain(context.getDefaultSvid().getSpiffeId().getTrustDomain())
                  .getX509Authorities()
                  .size());
      JwtSvid token = client.fetchJwtSvid("billing");
      System.out.println("token of " + token.getSpiffeId() + " for " + token.getAudience());
      System.out.println(
          "proves "
              + JwtSvid.parseAndValidate(
                      token.getToken(), client.fetchJwtBundles(), Set.of("billing"))
                  .getSpiffeId());
      System.out.println(
          "judged " + client.validateJwtSvid(token.getToken(), "billing").getSpiffeId());
    } catch (Exception e) {
      e.printStackTrace(System.out);
      System.exit(1);
    }
  }
}
