package io.hostmesh.runtime.tls;

import java.util.Map;

/**
 * The roots of the own trust domain and of those that it federates with. Each vouches for its own
 * identities and for no others.
 *
 * @param foreign by trust domain; what stands there of the own one is not looked at
 */
public record TrustedDomains(TrustRoots own, Map<String, TrustRoots> foreign) {
  public TrustedDomains {
    foreign = Map.copyOf(foreign);
  }
}
