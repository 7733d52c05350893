package io.hostmesh.api;

import io.hostmesh.api.Methods.Method;
import io.hostmesh.api.spiffe.JWTBundlesRequest;
import io.hostmesh.api.spiffe.JWTBundlesResponse;
import io.hostmesh.api.spiffe.JWTSVIDRequest;
import io.hostmesh.api.spiffe.JWTSVIDResponse;
import io.hostmesh.api.spiffe.ValidateJWTSVIDRequest;
import io.hostmesh.api.spiffe.ValidateJWTSVIDResponse;
import io.hostmesh.api.spiffe.X509BundlesRequest;
import io.hostmesh.api.spiffe.X509BundlesResponse;
import io.hostmesh.api.spiffe.X509SVIDRequest;
import io.hostmesh.api.spiffe.X509SVIDResponse;
import io.vertx.grpc.common.ServiceName;

/** The methods of the SPIFFE Workload API, which applications call at their host's agent. */
public final class WorkloadMethods {
  private static final ServiceName SERVICE = ServiceName.create("SpiffeWorkloadAPI");

  /** The header, with the value {@code true}, without which a request is refused (SSRF). */
  public static final String HEADER = "workload.spiffe.io";

  /** Server streaming. */
  public static final Method<X509SVIDRequest, X509SVIDResponse> FETCH_X509_SVID =
      new Method<>(
          SERVICE,
          "FetchX509SVID",
          X509SVIDRequest.getDefaultInstance(),
          X509SVIDResponse.getDefaultInstance());

  /** Server streaming. */
  public static final Method<X509BundlesRequest, X509BundlesResponse> FETCH_X509_BUNDLES =
      new Method<>(
          SERVICE,
          "FetchX509Bundles",
          X509BundlesRequest.getDefaultInstance(),
          X509BundlesResponse.getDefaultInstance());

  public static final Method<JWTSVIDRequest, JWTSVIDResponse> FETCH_JWT_SVID =
      new Method<>(
          SERVICE,
          "FetchJWTSVID",
          JWTSVIDRequest.getDefaultInstance(),
          JWTSVIDResponse.getDefaultInstance());

  /** Server streaming. */
  public static final Method<JWTBundlesRequest, JWTBundlesResponse> FETCH_JWT_BUNDLES =
      new Method<>(
          SERVICE,
          "FetchJWTBundles",
          JWTBundlesRequest.getDefaultInstance(),
          JWTBundlesResponse.getDefaultInstance());

  public static final Method<ValidateJWTSVIDRequest, ValidateJWTSVIDResponse> VALIDATE_JWT_SVID =
      new Method<>(
          SERVICE,
          "ValidateJWTSVID",
          ValidateJWTSVIDRequest.getDefaultInstance(),
          ValidateJWTSVIDResponse.getDefaultInstance());

  private WorkloadMethods() {}
}
