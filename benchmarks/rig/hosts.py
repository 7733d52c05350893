"""Two hosts for the proxies, of the shape that a lab's hosts have: namespaces joined by a bridge in a third. And what
all peers share: certificates, the services that are called, the load generators."""
import os
import signal
import string
import subprocess
from pathlib import Path

from machine import Program, Trouble, read, run, wait_until

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "peers"
NAMESPACES = {"hub": "hostmesh-bench-hub", "h1": "hostmesh-bench-h1", "h2": "hostmesh-bench-h2"}
ADDRESSES = {"h1": "10.99.7.1", "h2": "10.99.7.2"}
# Service: its port. The caller's proxy listens at A + port, the service's at B + port.
SERVICES = {"http": 8080, "tcp": 8081, "grpc": 8082, "bulk": 5201}
A, B = 1000, 2000
TRUST = "bench.test"


def fill(template, values):
    return string.Template((PEERS / template).read_text()).substitute(values)


class Hosts:
    """folder is where everything made at run time goes."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.programs = []

    def up(self):
        self.sweep()
        hub = NAMESPACES["hub"]
        for name in NAMESPACES.values():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", hub, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        run("ip", "-n", hub, "link", "set", "br0", "up")
        for host, at in ADDRESSES.items():
            own = NAMESPACES[host]
            run("ip", "link", "add", "eth0", "netns", own, "type", "veth", "peer", "name", host, "netns", hub)
            run("ip", "-n", hub, "link", "set", host, "master", "br0", "up")
            run("ip", "-n", own, "addr", "add", f"{at}/24", "dev", "eth0")
            run("ip", "-n", own, "link", "set", "eth0", "up")
            tune(own)
        self.certificates()
        for service, port in SERVICES.items():
            home = self.folder / f"service-{service}"
            home.mkdir()
            words = service_command(self.folder, service, home)
            self.programs.append(Program(NAMESPACES["h2"], home / "log", *words, folder=home))
            wait_until(f"{service} listening at port {port}", lambda p=port: self.programs[-1].listens(p), 20)

    def certificates(self):
        """P-256, a leaf below an intermediate below a root, SPIFFE names: as citadel's are."""
        folder = self.folder / "certificates"
        folder.mkdir(mode=0o700)

        def issue(name, issuer, extensions):
            run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj", f"/CN={name}.{TRUST}")
            (folder / "extensions").write_text(extensions)
            signer = ["-signkey", folder / f"{name}.key"] if issuer is None else [
                "-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial"]
            run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", *signer, "-sha256", "-days", "2",
                "-extfile", folder / "extensions", "-out", folder / f"{name}.crt")

        authority = f"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectAltName=URI:spiffe://{TRUST}\n"
        issue("root", None, authority)
        issue("intermediate", "root", authority)
        for side in "ab":
            issue(side, "intermediate", f"subjectAltName=URI:{identity(side)},DNS:{side}.{TRUST}\n"
                  "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                  "extendedKeyUsage=serverAuth,clientAuth\n")
            chain = (folder / f"{side}.crt").read_text() + (folder / "intermediate.crt").read_text()
            (folder / f"{side}.crt").write_text(chain)
            (folder / f"{side}.pem").write_text(chain + (folder / f"{side}.key").read_text())

    def down(self):
        for program in self.programs:
            program.stop()
        self.programs = []
        self.sweep()

    @staticmethod
    def sweep():
        """Removes the namespaces, and ends what is left in them: a run that was killed has left them behind."""
        there = run("ip", "netns", "list").split()
        for name in (name for name in NAMESPACES.values() if name in there):
            for pid in map(int, run("ip", "netns", "pids", name).split()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # It has just ended.
                wait_until(f"the end of process {pid}", lambda p=pid: not read(f"/proc/{p}/cmdline"), 10)
            run("ip", "netns", "del", name)


def identity(side):
    return f"spiffe://{TRUST}/ns/default/dc/dc1/svc/{side}"


def tune(namespace):
    """Enough ports for new connections; and a congestion control that does not pace, which a machine's default may
    (it halves bulk figures over a veth). A namespace may only have one that the machine allows."""
    inside = ["nsenter", f"--net=/run/netns/{namespace}", "sysctl", "-qw"]
    run(*inside, "net.ipv4.ip_local_port_range=20000 65000", "net.ipv4.tcp_tw_reuse=1")
    for control in ("cubic", "reno"):
        if subprocess.run([*inside, f"net.ipv4.tcp_congestion_control={control}"], capture_output=True).returncode == 0:
            return
    raise Trouble(f"{namespace}: neither cubic nor reno is allowed as congestion control (net.ipv4.tcp_allowed_congestion_control)")


def prepare(folder):
    """Puts what services and load generators need where every user of the lab can read it."""
    for source, program, *libraries in (("openloop.c", "openloop"), ("idle.c", "idle-holder"), ("handshakes.c", "handshakes", "-lssl", "-lcrypto")):
        run("cc", "-O2", "-Wall", "-o", folder / program, HERE / source, *libraries)
    (folder / "wrk.lua").write_text((HERE / "wrk.lua").read_text())
    phrase = "the quick brown fox jumps over the lazy dog "
    files = folder / "files"
    files.mkdir()
    (files / "64k").write_text((phrase * 1500)[:65536])
    body = b"\x0a\x60" + b"x" * 96  # A protobuf message with one string.
    (files / "message").write_bytes(b"\0" + len(body).to_bytes(4, "big") + body)
    for service, port in SERVICES.items():
        write_conf(files, f"{service}.conf", port, "http2" if service == "grpc" else "", phrase)
    write_conf(files, "near.conf", 8090, "", phrase)
    for each in [folder, *folder.rglob("*")]:
        each.chmod(0o755)


def write_conf(files, name, port, http2, phrase):
    values = {"port": port, "http2": http2, "small": (phrase * 3)[:100], "kib": (phrase * 30)[:1024]}
    (files / name).write_text(fill("backend.conf", values))


def service_files(folder, service):
    return [folder / "files" / name for name in ("64k", "message")] + [folder / "files" / f"{service}.conf"]


def service_command(folder, service, home=None):
    """The command that serves; it starts in a folder of its own. Copies what it needs to home, where that is given."""
    if service == "bulk":
        return ["iperf3", "-s", "-p", SERVICES["bulk"]]
    if home:
        for file in service_files(folder, service):
            (home / file.name).write_bytes(file.read_bytes())
            (home / file.name).chmod(0o644)
        home.chmod(0o755)
    return ["sh", "-c", f'exec nginx -e stderr -p "$PWD" -c "$PWD/{service}.conf"']
