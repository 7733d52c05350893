package io.hostmesh.agent.inbound;

import io.hostmesh.agent.authz.Request;
import io.hostmesh.agent.limit.Asked;
import io.hostmesh.model.SpiffeId;
import java.util.List;

/** A request or connection, as limits see it. Made only where the service called has limits. */
record Asking(Origin origin, LocalInstance called, Request.Fields headers) implements Asked {
  @Override
  public String instance() {
    return called.id();
  }

  @Override
  public String source() {
    return origin.caller().map(SpiffeId::uri).orElse("");
  }

  @Override
  public String address() {
    return origin.address();
  }

  @Override
  public String header(String lowerCaseName) {
    List<String> values = headers.values(lowerCaseName);
    return values.size() == 1 ? values.getFirst() : String.join(",", values);
  }
}
