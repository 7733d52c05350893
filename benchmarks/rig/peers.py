"""The peers. One runs at a time: start() returns when calls pass, stop() leaves nothing."""
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import envoy  # noqa: E402
from hosts import (A, ADDRESSES, B, NAMESPACES, SERVICES, TRUST, fill, identity, service_command,  # noqa: E402
                   service_files, tune)
from machine import Program, Shell, Trouble, run, tree, wait_until  # noqa: E402


class MeshEnd(NamedTuple):
    """Where the called proxy takes mutual TLS with HTTP/2 inside, and as whom the caller shows itself there."""
    namespace: str
    address: str
    port: int
    server_name: str
    alpn: str
    certificate: Path
    key: Path


class Peer:
    """What is between caller and service. services are those that it carries, cold whether it has to warm up."""
    services = tuple(SERVICES)
    cold = False
    shell = None

    def __init__(self, rig):
        self.rig = rig

    def sidecars(self):
        """The processes on each host that are paid for the job."""
        return []

    def mesh_end(self):
        """The MeshEnd whose handshakes are measured; None for peers that speak no HTTP/2 there."""

    def address(self, service):
        """(address, port, authority) with which the caller calls."""
        return ADDRESSES["h2"], SERVICES[service], f"{service}.mesh"

    def enter(self):
        """Opens the shell on the calling host, and waits until the services answer from there."""
        self.shell = self.open_shell()
        self.silent = {}
        for service in (s for s in self.services if s != "bulk"):
            try:
                wait_until(f"an answer of {service}", lambda: self.answers(service), 10)
            except Trouble as trouble:
                if service == "http":
                    raise
                self.silent[service] = f"{trouble}: {self.failure}"

    def answers(self, service):
        at, port, authority = self.address(service)
        version = ["--http2-prior-knowledge"] if service == "grpc" else []
        try:
            self.shell.run("curl", "-sSf", "-m", 3, *version, "-H", f"Host: {authority}", "-o", "/dev/null",
                           f"http://{at}:{port}/message", limit=5)
            return True
        except Trouble as trouble:
            self.failure = trouble
            return False

    def open_shell(self):
        return Shell("nsenter", f"--net=/run/netns/{NAMESPACES['h1']}", "--")

    def leave(self):
        if self.shell:
            self.shell.stop()
            self.shell = None


class Direct(Peer):
    name = "direct"

    def start(self):
        self.enter()

    def stop(self):
        self.leave()

    def version(self):
        return "no proxy"


class Pair(Peer):
    """Two proxies. The kernel redirects the caller's connections to the first, as it does with an agent's."""

    def start(self):
        self.folder = self.rig.folder / self.name
        self.folder.mkdir(exist_ok=True)
        self.programs = []
        values = {"workers": self.rig.workers, "resume": self.rig.resumption, "certificates": self.rig.folder / "certificates",
                  "host2": ADDRESSES["h2"], "id_a": identity("a"), "id_b": identity("b"), "name_b": f"b.{TRUST}",
                  **SERVICES, **{f"a_{s}": A + p for s, p in SERVICES.items()}, **{f"b_{s}": B + p for s, p in SERVICES.items()}}
        for side, host, base in (("b", "h2", B), ("a", "h1", A)):
            log = self.folder / f"{side}.log"
            program = Program(NAMESPACES[host], log, *self.command(side, values), folder=self.folder)
            self.programs.append(program)
            for service in self.services:
                port = base + SERVICES[service]
                wait_until(f"{self.name} {side} listening at port {port}", lambda: program.listens(port), 30)
        rules = "".join(f"ip daddr {ADDRESSES['h2']} tcp dport {SERVICES[s]} redirect to :{A + SERVICES[s]}\n" for s in self.services)
        self.nft("-f", "-", text="table ip bench {\nchain output {\ntype nat hook output priority -100;\n" + rules + "}\n}\n")
        self.enter()

    def command(self, side, values):
        raise NotImplementedError

    def conf(self, side, text, kind="conf"):
        path = self.folder / f"{side}.{kind}"
        path.write_text(text)
        return path

    @staticmethod
    def nft(*words, text=None):
        run("nsenter", f"--net=/run/netns/{NAMESPACES['h1']}", "nft", *words, text=text)

    def sidecars(self):
        return [tree(program.pid) for program in self.programs]

    def stop(self):
        self.leave()
        for program in self.programs:
            program.stop()
        self.programs = []
        self.nft("-f", "-", text="table ip bench\ndelete table ip bench\n")


class Envoy(Pair):
    name = "envoy"

    def mesh_end(self):
        own = self.rig.folder / "certificates"
        return MeshEnd(NAMESPACES["h1"], ADDRESSES["h2"], B + SERVICES["http"], f"b.{TRUST}", "h2", own / "a.crt", own / "a.key")

    def command(self, side, values):
        return [self.rig.envoy, "--concurrency", self.rig.workers, "--disable-hot-restart", "--log-level", "warning",
                "--config-path", self.conf(side, json.dumps(envoy.bootstrap(side, values)), "json")]

    def version(self):
        return re.search(r"/(\d+\.\d+\.\d+)", run(self.rig.envoy, "--version"))[1]


class Haproxy(Pair):
    name = "haproxy"
    services = ("http", "tcp", "bulk")

    def command(self, side, values):
        trust = f"crt {values['certificates']}/{side}.pem ca-file {values['certificates']}/root.crt verify required"
        reuse = "" if values["resume"] else " no-ssl-reuse"
        tls = f"ssl {trust}" + (f" verifyhost {values['name_b']} sni str({values['name_b']}){reuse}" if side == "a" else "")
        head = fill("haproxy.conf", {**values, "no_tickets": "" if values["resume"] else "no-tls-tickets"})
        return ["haproxy", "-db", "-f", self.conf(side, head + fill(f"haproxy-{side}.conf", {**values, "tls": tls}))]

    def version(self):
        return run("haproxy", "-v").split()[2]


class Nginx(Pair):
    """Debian's light nginx carries no plain TCP."""
    name = "nginx"
    services = ("http",)

    def command(self, side, values):
        home = self.folder / side
        home.mkdir(exist_ok=True)
        more = {"pool": "keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 3600s;",
                "resumption": "on" if values["resume"] else "off"}
        servers = fill(f"nginx-{side}.conf", {**values, **more})
        return ["nginx", "-e", "stderr", "-p", home, "-c", self.conf(side, fill("nginx.conf", {**values, "servers": servers}))]

    def version(self):
        return subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]


PORTS = {**SERVICES, "near": 8090}
PROTOCOLS = {"http": "http", "near": "http", "grpc": "grpc", "tcp": "tcp", "bulk": "tcp"}


class Hostmesh(Peer):
    """A lab of two hosts, which have the shape of the peers' hosts."""
    name = "hostmesh"
    services = (*SERVICES, "near")
    cold = True

    def start(self):
        self.command = self.rig.root / "hostmesh"
        self.home = self.rig.folder / "lab"
        self.lab("up", "--hosts", 2, words=[
            f"agent.loops={self.rig.workers}", "agent.access-log.file=null",
            f"agent.tls.resumption={str(self.rig.resumption).lower()}"], limit=200)
        self.hosts = {host["name"]: host for host in self.status()["hosts"]}
        for host in self.hosts.values():
            tune(host["namespace"])
        for service in self.services:
            copies = [] if service == "bulk" else [word for file in service_files(self.rig.folder, service) for word in ("--copy", file)]
            self.lab("run", "h1" if service == "near" else "h2", service, "--port", PORTS[service], "--protocol", PROTOCOLS[service],
                     *copies, words=service_command(self.rig.folder, service), limit=100)
        self.agents = [daemon["pid"] for daemon in self.status()["daemons"] if daemon["name"] in ("h1", "h2")]
        self.enter()

    def lab(self, verb, *options, words=(), limit=60):
        return run(self.command, "lab", verb, "--dir", self.home, *options, *(["--", *words] if words else []), limit=limit)

    def status(self):
        return json.loads(self.lab("status", "--json"))

    def open_shell(self):
        shell = Shell(self.command, "lab", "exec", "--dir", self.home, "h1", "--as", "web", "--")
        shell.run("true", limit=60)  # By now the mesh knows the caller, which the rule names.
        rule = self.rig.folder / "access.conf"
        rule.write_text("kind = access, service = http\nallow = [ { from = web } ]\n")
        run(self.command, "apply", "-f", rule, "--dir", self.home)
        self.addresses = {}
        for service in self.services:
            self.addresses[service] = shell.run("getent", "ahostsv4", f"{service}.mesh", limit=60).split()[0]
        return shell

    def address(self, service):
        return self.addresses[service], PORTS[service], f"{service}.mesh"

    def mesh_end(self):
        """The port where h2's agent takes other agents, with the name of an instance and the certificate of the caller's service."""
        socket = next(self.home.glob("**/h1/**/agent.sock"))
        known = json.loads(run("curl", "-sSf", "--unix-socket", socket, "http://agent/v1/config"))
        service = next(s for s in known["services"] if s["service"] == "default/http")
        instance = service["endpoints"][0]
        address, _, port = instance["mesh"].rpartition(":")
        name = f"{instance['instance']}.http.default.{service['datacenter']}.{known['mesh']['trustDomain']}"
        own = self.home / "state/h1/identity/services/default.web.pem"
        return MeshEnd(self.hosts["h1"]["namespace"], address, int(port), name, "hostmesh-h2/1", own, own)

    def sidecars(self):
        return [tree(pid) for pid in self.agents]

    def stop(self):
        self.leave()
        self.lab("down", limit=120)

    def version(self):
        revision = run("git", "-C", self.rig.root, "describe", "--always", "--dirty") if (self.rig.root / ".git").exists() else ""
        return revision.strip() or "?"


ALL = {peer.name: peer for peer in (Direct, Envoy, Haproxy, Nginx, Hostmesh)}
