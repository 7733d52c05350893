package io.hostmesh.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.hostmesh.api.v1.AttributeContext;
import io.hostmesh.api.v1.CheckAddress;
import io.hostmesh.api.v1.CheckPeer;
import io.hostmesh.api.v1.CheckRequest;
import io.hostmesh.api.v1.CheckResponse;
import io.hostmesh.api.v1.CheckSocketAddress;
import io.hostmesh.api.v1.CheckedHttpRequest;
import io.hostmesh.api.v1.CheckedHttpStatus;
import io.hostmesh.api.v1.CheckedRequest;
import io.hostmesh.api.v1.ControlPlane;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.DeniedHttpResponse;
import io.hostmesh.api.v1.ErrorDetail;
import io.hostmesh.api.v1.HeaderValue;
import io.hostmesh.api.v1.HeaderValueOption;
import io.hostmesh.api.v1.Node;
import io.hostmesh.api.v1.OkHttpResponse;
import io.hostmesh.api.v1.Resource;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our messages of the delta transport and of external authorisation are Envoy's on the wire: what
 * speaks xDS v3, and authorisers for Envoy, understand them.
 */
class XdsWireTest {
  static Stream<Arguments> messages() {
    return Stream.of(
        Arguments.of(
            DeltaDiscoveryRequest.getDescriptor(),
            io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest.getDescriptor()),
        Arguments.of(
            DeltaDiscoveryResponse.getDescriptor(),
            io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse.getDescriptor()),
        Arguments.of(
            Resource.getDescriptor(),
            io.envoyproxy.envoy.service.discovery.v3.Resource.getDescriptor()),
        Arguments.of(Node.getDescriptor(), io.envoyproxy.envoy.config.core.v3.Node.getDescriptor()),
        Arguments.of(
            ControlPlane.getDescriptor(),
            io.envoyproxy.envoy.config.core.v3.ControlPlane.getDescriptor()),
        Arguments.of(ErrorDetail.getDescriptor(), com.google.rpc.Status.getDescriptor()),
        Arguments.of(
            CheckRequest.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.CheckRequest.getDescriptor()),
        Arguments.of(
            AttributeContext.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.AttributeContext.getDescriptor()),
        Arguments.of(
            CheckPeer.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.AttributeContext.Peer.getDescriptor()),
        Arguments.of(
            CheckedRequest.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.AttributeContext.Request.getDescriptor()),
        Arguments.of(
            CheckedHttpRequest.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.AttributeContext.HttpRequest.getDescriptor()),
        Arguments.of(
            CheckAddress.getDescriptor(),
            io.envoyproxy.envoy.config.core.v3.Address.getDescriptor()),
        Arguments.of(
            CheckSocketAddress.getDescriptor(),
            io.envoyproxy.envoy.config.core.v3.SocketAddress.getDescriptor()),
        Arguments.of(
            CheckResponse.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.CheckResponse.getDescriptor()),
        Arguments.of(
            DeniedHttpResponse.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse.getDescriptor()),
        Arguments.of(
            OkHttpResponse.getDescriptor(),
            io.envoyproxy.envoy.service.auth.v3.OkHttpResponse.getDescriptor()),
        Arguments.of(
            CheckedHttpStatus.getDescriptor(),
            io.envoyproxy.envoy.type.v3.HttpStatus.getDescriptor()),
        Arguments.of(
            HeaderValue.getDescriptor(),
            io.envoyproxy.envoy.config.core.v3.HeaderValue.getDescriptor()),
        Arguments.of(
            HeaderValueOption.getDescriptor(),
            io.envoyproxy.envoy.config.core.v3.HeaderValueOption.getDescriptor()));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyFieldHasEnvoysNumberAndType(Descriptor ours, Descriptor envoys) {
    assertThat(ours.getFields()).isNotEmpty();
    for (FieldDescriptor field : ours.getFields()) {
      FieldDescriptor same = envoys.findFieldByNumber(field.getNumber());
      assertThat(same).as(field.getFullName()).isNotNull();
      assertThat(same.getName()).isEqualTo(field.getName());
      assertThat(same.getType()).as(field.getFullName()).isEqualTo(field.getType());
      assertThat(same.isRepeated()).as(field.getFullName()).isEqualTo(field.isRepeated());
    }
  }
}
