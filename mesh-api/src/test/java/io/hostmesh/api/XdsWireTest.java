package io.hostmesh.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.hostmesh.api.v1.ControlPlane;
import io.hostmesh.api.v1.DeltaDiscoveryRequest;
import io.hostmesh.api.v1.DeltaDiscoveryResponse;
import io.hostmesh.api.v1.ErrorDetail;
import io.hostmesh.api.v1.Node;
import io.hostmesh.api.v1.Resource;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our messages of the delta transport are Envoy's on the wire: what speaks xDS v3 understands them.
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
        Arguments.of(ErrorDetail.getDescriptor(), com.google.rpc.Status.getDescriptor()));
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
