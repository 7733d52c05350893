package io.hostmesh.agent.workloadapi;

import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.hostmesh.agent.identity.ApplicationIdentities;
import io.hostmesh.api.spiffe.JWTBundlesResponse;
import io.hostmesh.api.spiffe.JWTSVID;
import io.hostmesh.api.spiffe.JWTSVIDRequest;
import io.hostmesh.api.spiffe.JWTSVIDResponse;
import io.hostmesh.api.spiffe.ValidateJWTSVIDRequest;
import io.hostmesh.api.spiffe.ValidateJWTSVIDResponse;
import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.identity.CitadelException;
import io.hostmesh.runtime.jwt.JwtAuthority;
import io.hostmesh.runtime.jwt.JwtSvids;
import io.hostmesh.runtime.jwt.JwtSvids.InvalidJwt;
import io.hostmesh.runtime.jwt.JwtSvids.Proven;
import io.vertx.core.Future;
import io.vertx.grpc.common.GrpcStatus;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Tokens and the keys behind them as the JWT profile of the Workload API sends them. */
final class JwtAnswers {
  private static final int MOST_AUDIENCES = 16;

  private final ApplicationIdentities identities;
  private final InstantSource clock;

  JwtAnswers(ApplicationIdentities identities, InstantSource clock) {
    this.identities = identities;
    this.clock = clock;
  }

  /** Fails with {@link Refused}. */
  Future<JWTSVIDResponse> svids(ServiceName service, JWTSVIDRequest request) {
    List<String> audience = request.getAudienceList();
    if (audience.isEmpty()
        || audience.size() > MOST_AUDIENCES
        || audience.stream().anyMatch(String::isBlank)) {
      return Future.failedFuture(
          new Refused(
              GrpcStatus.INVALID_ARGUMENT,
              "audience must be given: one to " + MOST_AUDIENCES + " names, none of them empty"));
    }
    return identities
        .jwt(service, audience)
        .map(
            issued -> {
              if (!request.getSpiffeId().isEmpty() && !request.getSpiffeId().equals(issued.id())) {
                throw new Refused(
                    GrpcStatus.PERMISSION_DENIED,
                    "this process is " + issued.id() + ", not " + request.getSpiffeId());
              }
              return JWTSVIDResponse.newBuilder()
                  .addSvids(JWTSVID.newBuilder().setSpiffeId(issued.id()).setSvid(issued.token()))
                  .build();
            })
        .recover(failure -> Future.failedFuture(refused(failure)));
  }

  private static Refused refused(Throwable failure) {
    if (failure instanceof Refused known) {
      return known;
    }
    boolean denied =
        failure instanceof CitadelException citadel
            && citadel.kind() == CitadelException.Kind.NOT_ENTITLED;
    return new Refused(
        denied ? GrpcStatus.PERMISSION_DENIED : GrpcStatus.UNAVAILABLE,
        String.valueOf(failure.getMessage()));
  }

  Answer<JWTBundlesResponse> bundles() {
    Map<String, List<JwtAuthority>> bundles = identities.jwtAuthorities();
    if (bundles.isEmpty()) {
      return new Answer.Waiting<>("no keys of JWT-SVIDs are known on this host yet");
    }
    JWTBundlesResponse.Builder answer = JWTBundlesResponse.newBuilder();
    bundles.forEach(
        (domain, authorities) ->
            answer.putBundles(
                "spiffe://" + domain,
                ByteString.copyFromUtf8(JwtSvids.keySet(valid(authorities)))));
    return new Answer.Ready<>(answer.build());
  }

  private List<JwtAuthority> valid(List<JwtAuthority> authorities) {
    return authorities.stream()
        .filter(authority -> clock.instant().isBefore(authority.notAfter()))
        .toList();
  }

  /**
   * @throws Refused where the token proves nothing to this audience
   */
  ValidateJWTSVIDResponse validate(ValidateJWTSVIDRequest request) {
    if (request.getAudience().isBlank() || request.getSvid().isEmpty()) {
      throw new Refused(GrpcStatus.INVALID_ARGUMENT, "audience and svid must be given");
    }
    try {
      Proven proven =
          JwtSvids.verify(
              request.getSvid(),
              request.getAudience(),
              domain -> identities.jwtAuthorities().getOrDefault(domain, List.of()),
              clock.instant());
      return ValidateJWTSVIDResponse.newBuilder()
          .setSpiffeId(proven.id())
          .setClaims(struct(proven.claims()))
          .build();
    } catch (InvalidJwt e) {
      throw new Refused(GrpcStatus.INVALID_ARGUMENT, "the token is not valid: " + e.getMessage());
    }
  }

  private static Struct struct(Map<?, ?> map) {
    Struct.Builder struct = Struct.newBuilder();
    map.forEach((name, value) -> struct.putFields(String.valueOf(name), value(value)));
    return struct.build();
  }

  private static Value value(@org.jspecify.annotations.Nullable Object value) {
    return switch (value) {
      case null -> Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build();
      case String text -> Value.newBuilder().setStringValue(text).build();
      case Boolean flag -> Value.newBuilder().setBoolValue(flag).build();
      case Number number -> Value.newBuilder().setNumberValue(number.doubleValue()).build();
      case Map<?, ?> map -> Value.newBuilder().setStructValue(struct(map)).build();
      case Collection<?> list -> {
        ListValue.Builder values = ListValue.newBuilder();
        list.forEach(element -> values.addValues(value(element)));
        yield Value.newBuilder().setListValue(values).build();
      }
      default -> Value.newBuilder().setStringValue(value.toString()).build();
    };
  }
}
