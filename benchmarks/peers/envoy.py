"""The bootstrap of an Envoy sidecar, as a mesh configures it: statistics, request ids, retries and no route timeout on
the calling side; on the called side RBAC with one principal, and x-forwarded-client-cert. HTTP/2 between the two."""

EXTENSIONS = "type.googleapis.com/envoy.extensions."


def typed(kind, **fields):
    return {"@type": EXTENSIONS + kind, **fields}


def address(host, port):
    return {"socket_address": {"address": host, "port_value": port}}


def tls(side, v, alpn):
    other = {"a": "b", "b": "a"}[side]
    names = [{"san_type": "URI", "matcher": {"exact": v["id_" + other]}}]
    common = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
        "tls_certificates": [{"certificate_chain": {"filename": f"{v['certificates']}/{side}.crt"},
                              "private_key": {"filename": f"{v['certificates']}/{side}.key"}}],
        "validation_context": {"trusted_ca": {"filename": f"{v['certificates']}/root.crt"},
                               "match_typed_subject_alt_names": names},
        **({"alpn_protocols": [alpn]} if alpn else {})}
    full = not v["resume"]
    if side == "a":
        context = typed("transport_sockets.tls.v3.UpstreamTlsContext", sni=v["name_b"], common_tls_context=common,
                        max_session_keys=0 if full else 1000)
    else:
        context = typed("transport_sockets.tls.v3.DownstreamTlsContext", require_client_certificate=True,
                        disable_stateless_session_resumption=full, disable_stateful_session_resumption=full,
                        common_tls_context=common)
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def cluster(name, host, port, socket=None, http=None):
    unlimited = {k: 100000 for k in ("max_connections", "max_pending_requests", "max_requests", "max_retries")}
    made = {"name": name, "type": "STATIC", "connect_timeout": "5s", "lb_policy": "LEAST_REQUEST",
            "circuit_breakers": {"thresholds": [unlimited]},
            "load_assignment": {"cluster_name": name, "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address(host, port)}}]}]}}
    if socket:
        made["transport_socket"] = socket
    if http:
        made["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
            "upstreams.http.v3.HttpProtocolOptions", explicit_http_config={http: {}},
            common_http_protocol_options={"idle_timeout": "3600s"})}
    return made


def http(side, name, v):
    route = {"cluster": name, "timeout": "0s"}
    filters = [{"name": "envoy.filters.http.router", "typed_config": typed("filters.http.router.v3.Router")}]
    more = {}
    if side == "a":
        route["retry_policy"] = {"retry_on": "connect-failure,refused-stream,unavailable,cancelled", "num_retries": 2}
    else:
        rule = {"permissions": [{"any": True}], "principals": [{"authenticated": {"principal_name": {"exact": v["id_a"]}}}]}
        filters.insert(0, {"name": "envoy.filters.http.rbac", "typed_config": typed(
            "filters.http.rbac.v3.RBAC", rules={"action": "ALLOW", "policies": {"callers": rule}})})
        more = {"forward_client_cert_details": "APPEND_FORWARD", "set_current_client_cert_details": {"uri": True}}
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager", stat_prefix=name, codec_type="AUTO",
        http_filters=filters, generate_request_id=True, common_http_protocol_options={"idle_timeout": "3600s"},
        route_config={"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": route}]}]}, **more)}


def tcp(name):
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": typed(
        "filters.network.tcp_proxy.v3.TcpProxy", stat_prefix=name, cluster=name)}


def bootstrap(side, v):
    """side is a (beside the caller) or b (beside the service); v are the rig's values."""
    listeners, clusters = [], []
    for name in ("http", "grpc", "tcp", "bulk"):
        speaks_http = name in ("http", "grpc")
        socket = tls(side, v, "h2" if speaks_http else None)
        chain = {"filters": [http(side, name, v) if speaks_http else tcp(name)]}
        if side == "a":
            at = address("127.0.0.1", v["a_" + name])
            clusters.append(cluster(name, v["host2"], v["b_" + name], socket, "http2_protocol_options" if speaks_http else None))
        else:
            at = address(v["host2"], v["b_" + name])
            chain["transport_socket"] = socket
            speaks = {"http": "http_protocol_options", "grpc": "http2_protocol_options"}.get(name)
            clusters.append(cluster(name, "127.0.0.1", v[name], http=speaks))
        listeners.append({"name": name, "address": at, "filter_chains": [chain]})
    return {"node": {"id": side, "cluster": "bench"}, "static_resources": {"listeners": listeners, "clusters": clusters}}
