package io.hostmesh.runtime.admin;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.HostPort;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.hostmesh.runtime.tls.SpiffeTrustManager;
import io.hostmesh.runtime.tls.SvidKeyManager;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/**
 * Asks a daemon of another host as an operator: TLS 1.3, and the daemon must prove that it is the
 * one that is meant.
 *
 * @param role which part of the control plane must answer
 */
public record AdminRemote(
    HostPort address, SpiffeId.Control.Role role, OperatorIdentity identity, InstantSource clock)
    implements AdminClient {

  @Override
  public JsonObject ask(String method, String pathAndQuery, byte[] body, Duration limit) {
    int millis = (int) limit.toMillis();
    try (SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket()) {
      socket.setSSLParameters(context().getSupportedSSLParameters());
      socket.setEnabledProtocols(new String[] {"TLSv1.3"});
      socket.connect(new InetSocketAddress(address.host(), address.port()), millis);
      socket.setSoTimeout(millis);
      socket.startHandshake();
      socket.getOutputStream().write(AdminMessages.request(method, pathAndQuery, body));
      socket.getOutputStream().flush();
      return AdminMessages.answer(socket.getInputStream().readNBytes(AdminMessages.MAX_ANSWER));
    } catch (SocketTimeoutException e) {
      throw new UserError(daemon() + " did not answer within " + limit.toSeconds() + " s", e);
    } catch (SSLException e) {
      throw new UserError(
          "no trust between "
              + identity.svid().id()
              + " and "
              + daemon()
              + " ("
              + e.getMessage()
              + "); the certificate may have expired or been revoked, be of another mesh, or the"
              + " address be another daemon's",
          e);
    } catch (IOException | DecodeException e) {
      throw new UserError(
          daemon() + " does not answer (" + e.getMessage() + "); does it run, with admin.listen?",
          e);
    }
  }

  private String daemon() {
    return role.name().toLowerCase(java.util.Locale.ROOT) + " at " + address;
  }

  private SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(
          new KeyManager[] {new SvidKeyManager(identity::svid)},
          new TrustManager[] {
            new SpiffeTrustManager(
                identity::roots,
                new SpiffeId.Control(identity.svid().id().trustDomain(), role)::equals,
                daemon(),
                clock)
          },
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS 1.3", e);
    }
  }
}
