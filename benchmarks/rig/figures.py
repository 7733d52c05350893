"""What is measured: the phases of a visit to a peer, and the figures that come of them."""
import json
import os
import re
import threading
import time
from typing import NamedTuple

from machine import Trouble, cpu, resident, run, strangers, wait_until


class Figure(NamedTuple):
    """digits are those shown."""
    unit: str
    digits: int
    text: str


FIGURES = {
    "cpu_per_request_c32": Figure("us", 1, "CPU a request, 100 B, 32 connections"),
    "requests_per_second_c32": Figure("1/s", 0, "requests a second, 100 B, 32 connections"),
    "cpu_per_request_c256": Figure("us", 1, "CPU a request, 256 connections"),
    "requests_per_second_c256": Figure("1/s", 0, "requests a second, 256 connections"),
    "cpu_per_request_1000": Figure("us", 1, "CPU a request at a steady 1,000/s, 1 KiB"),
    "latency_1000": Figure("us", 0, "median latency at 1,000/s"),
    "added_latency_1000": Figure("us", 0, "median latency at 1,000/s, added to direct"),
    "cpu_per_request_64k": Figure("us", 1, "CPU a request, 64 KiB, 32 connections"),
    "requests_per_second_64k": Figure("1/s", 0, "requests a second, 64 KiB, 32 connections"),
    "new_http_connections_per_second": Figure("1/s", 0, "new HTTP connections a second"),
    "cpu_per_new_http_connection": Figure("us", 1, "CPU a new HTTP connection"),
    "cpu_per_new_tcp_connection": Figure("us", 1, "CPU a new TCP connection"),
    "new_tcp_connections_per_second": Figure("1/s", 0, "new TCP connections a second"),
    "handshakes_per_second": Figure("1/s", 0, "full handshakes a second at the called proxy"),
    "cpu_per_handshake": Figure("us", 1, "CPU a full handshake, the called proxy"),
    "resumed_handshakes_per_second": Figure("1/s", 0, "resumed handshakes a second at the called proxy"),
    "cpu_per_resumed_handshake": Figure("us", 1, "CPU a resumed handshake, the called proxy"),
    "bulk_1": Figure("Gb/s", 2, "bulk TCP, one stream"),
    "bulk_1_cpu": Figure("s/GB", 3, "bulk TCP, one stream, CPU a GB"),
    "bulk_8": Figure("Gb/s", 2, "bulk TCP, eight streams"),
    "bulk_8_cpu": Figure("s/GB", 3, "bulk TCP, eight streams, CPU a GB"),
    "grpc_cpu_per_call": Figure("us", 1, "CPU a unary gRPC call, 32 at once"),
    "grpc_calls_per_second": Figure("1/s", 0, "unary gRPC calls a second, 32 at once"),
    "same_host_cpu_per_request": Figure("us", 1, "CPU a request to the same host, 32 connections"),
    "same_host_to_two_hosts": Figure("ratio", 2, "the same, of a request between two hosts"),
    "cold_cpu_first_third": Figure("us", 1, "CPU a request in the first third of the warm-up"),
    "cold_cpu_last_third": Figure("us", 1, "CPU a request in the last third of the warm-up"),
    "rss_idle": Figure("MB", 1, "resident, idle, each proxy"),
    "rss_loaded": Figure("MB", 1, "resident at 256 connections, each proxy"),
    "rss_loaded_1000": Figure("MB", 1, "resident at 1,000 connections, each proxy"),
    "idle_connections_held": Figure("", 0, "idle connections that still answer, of 10,000"),
    "rss_per_idle_connection": Figure("kB", 1, "resident for one idle connection, both proxies"),
}


class Times(NamedTuple):
    """Seconds of each phase; cold is the warm-up of a peer that compiles while it runs, kind that of each further kind of load,
    settle how long nothing happens before idle connections are weighed."""
    idle: int
    warm: int
    cold: int
    kind: int
    closed: int
    steady: int
    short: int
    settle: int


FULL = Times(idle=10, warm=3, cold=60, kind=20, closed=10, steady=20, short=6, settle=10)
QUICK = Times(idle=2, warm=1, cold=9, kind=5, closed=3, steady=3, short=2, settle=2)
IDLE_CONNECTIONS = 10_000


class Visit:
    """One peer in one round. values has the figures; troubles has what failed; noise the cores that others used."""

    def __init__(self, peer, times):
        self.peer, self.times = peer, times
        self.values, self.troubles, self.noise = {}, [], []

    def make(self):
        times, peer = self.times, self.peer
        time.sleep(times.idle)
        if peer.sidecars():
            self.values["rss_idle"] = self.resident()
        self.phase("warm-up", self.warm_up)
        self.phase("c32", lambda: self.closed("c32", 32))
        self.phase("c256", lambda: self.closed("c256", 256))
        if peer.sidecars():
            self.phase("c1000", lambda: self.loaded(1000))
            self.phase("idle connections", self.idle_connections)
        self.phase("steady", self.steady, self.on_schedule)
        self.phase("64 KiB", lambda: self.closed("64k", 32, "/64k"), lambda seconds: self.wrk("http", 32, seconds, "/64k"))
        self.phase("new HTTP connections", lambda: self.connections("http"), lambda seconds: self.dial("http", seconds))
        if peer.mesh_end():
            self.phase("full handshakes", lambda: self.handshakes("full"), lambda seconds: self.shake_hands("full", seconds))
            if peer.rig.resumption:
                self.phase("resumed handshakes", lambda: self.handshakes("resume"), lambda seconds: self.shake_hands("resume", seconds))
        if "tcp" in peer.services:
            self.phase("new TCP connections", lambda: self.connections("tcp"), lambda seconds: self.dial("tcp", seconds))
            self.phase("bulk, one stream", lambda: self.bulk(1), lambda seconds: self.stream(1, seconds))
            self.phase("bulk, eight streams", lambda: self.bulk(8), lambda seconds: self.stream(8, seconds))
        if "grpc" in peer.services:
            self.phase("gRPC", self.grpc, self.calls)
        if "near" in peer.services:
            self.phase("same host", self.same_host)

    def phase(self, name, work, warm=None):
        """A phase that fails costs its own figures only. warm(seconds) is the same load, unmeasured, for peers that have to warm up."""
        try:
            if warm and self.peer.cold:
                warm(self.times.kind)
            work()
        except Trouble as trouble:
            self.troubles.append(f"{name}: {trouble}")
        time.sleep(0.3)

    def resident(self):
        sidecars = self.peer.sidecars()
        return sum(map(resident, sidecars)) / len(sidecars)

    def metered(self, work):
        """What work() returns, and the CPU seconds of the sidecars meanwhile (None where there are none)."""
        sidecars = [pid for side in self.peer.sidecars() for pid in side]
        ours = {*sidecars, os.getpid(), *self.peer.rig.programs()}
        others, used, began = strangers(ours), cpu(sidecars), time.monotonic()
        result = work()
        used, seconds = cpu(sidecars) - used, time.monotonic() - began
        # Load generators have ended by now; whoever came and went meanwhile is not seen.
        now = strangers(ours)
        self.noise.append(sum(now[pid] - others[pid] for pid in now if pid in others) / seconds)
        return result, used if sidecars else None

    def record(self, requests, used, seconds=None, cpu_name=None, rate_name=None):
        if used is not None and cpu_name:
            self.values[cpu_name] = used / requests * 1e6
        if rate_name:
            self.values[rate_name] = requests / seconds

    def wrk(self, service, connections, seconds, path="/small", *options):
        at, port, authority = self.peer.address(service)

        def work():
            report = self.peer.shell.run(
                "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", self.peer.rig.folder / "wrk.lua",
                "-H", f"Host: {authority}", *options, f"http://{at}:{port}{path}", limit=seconds + 20)
            return checked("wrk", json.loads(re.search(r"^WRK (.*)$", report, re.M)[1]))
        result, used = self.metered(work)
        return result["requests"], used, result["seconds"]

    def warm_up(self):
        if not self.peer.cold:
            self.wrk("http", 32, self.times.warm)
            return
        third = self.times.cold // 3
        for name in ("cold_cpu_first_third", None, "cold_cpu_last_third"):
            self.record(*self.wrk("http", 32, third), cpu_name=name)

    def closed(self, suffix, connections, path="/small"):
        weighed = "rss_loaded" if connections == 256 else None
        result = self.weighed(weighed, lambda: self.wrk("http", connections, self.times.closed, path))
        self.record(*result, f"cpu_per_request_{suffix}", f"requests_per_second_{suffix}")

    def weighed(self, figure, work):
        """What work() returns, a closed phase; late in it the sidecars' resident memory becomes the figure."""
        def weigh():
            self.values[figure] = self.resident()
        timer = threading.Timer(self.times.closed * 0.8, weigh)
        if figure and self.peer.sidecars():
            timer.start()
        try:
            return work()
        finally:
            timer.cancel()

    def loaded(self, connections):
        self.weighed(f"rss_loaded_{connections}", lambda: self.wrk("http", connections, self.times.closed))

    def idle_connections(self):
        """Each has had one answer before it is left alone, and shall give another one afterwards."""
        at, port, authority = self.peer.address("http")
        shared = self.peer.rig.folder / "idle"
        shared.mkdir(exist_ok=True)
        shared.chmod(0o777)
        here = shared / "all-are-open"
        time.sleep(self.times.settle)
        before, outcome = self.resident(), []

        def hold():
            try:
                outcome.append(self.peer.shell.run(self.peer.rig.folder / "idle-holder", at, port, authority, "/small",
                                                   IDLE_CONNECTIONS, here, limit=300))
            except Trouble as trouble:
                outcome.append(trouble)
        holder = threading.Thread(target=hold)
        holder.start()
        try:
            wait_until(f"{IDLE_CONNECTIONS} connections", lambda: here.exists() or outcome, 150)
            time.sleep(self.times.settle)
            after = self.resident()
        finally:
            here.unlink(missing_ok=True)
            holder.join()
        if isinstance(outcome[0], Trouble):
            raise outcome[0]
        result = json.loads(outcome[0])
        self.values["idle_connections_held"] = result["answered"]
        if result["opened"]:
            self.values["rss_per_idle_connection"] = (after - before) * len(self.peer.sidecars()) / result["opened"] * 1e3

    def on_schedule(self, seconds):
        at, port, authority = self.peer.address("http")
        command = [self.peer.rig.folder / "openloop", at, port, authority, "/1k", 1000, 16, seconds]
        return self.metered(lambda: checked("openloop", json.loads(self.peer.shell.run(*command, limit=seconds + 20))))

    def steady(self):
        result, used = self.on_schedule(self.times.steady)
        self.record(result["requests"], used, cpu_name="cpu_per_request_1000")
        self.values["latency_1000"] = result["p50"]

    def dial(self, service, seconds):
        self.answering(service)
        return self.wrk(service, 32, seconds, "/small", "-H", "Connection: close")

    def connections(self, service):
        self.record(*self.dial(service, self.times.short), f"cpu_per_new_{service}_connection", f"new_{service}_connections_per_second")

    def handshakes(self, how):
        result, used, seconds = self.shake_hands(how, self.times.short)
        if how == "resume" and result["resumed"] < 0.9 * result["requests"]:
            raise Trouble(f"only {result['resumed']} of {result['requests']} sessions were resumed")
        name = "resumed_handshake" if how == "resume" else "handshake"
        self.record(result["requests"], used, seconds, f"cpu_per_{name}", f"{name}s_per_second")

    def shake_hands(self, how, seconds):
        """Both proxies' CPU, of which the caller's does nothing; the load generator stands for it."""
        end = self.peer.mesh_end()

        def work():
            return checked("handshakes", json.loads(run(
                "nsenter", f"--net=/run/netns/{end.namespace}", self.peer.rig.folder / "handshakes", end.address, end.port,
                end.server_name, end.alpn, end.certificate, end.key, 32, seconds, how, limit=seconds + 20)))
        result, used = self.metered(work)
        return result, used, result["seconds"]

    def answering(self, service):
        if service in self.peer.silent:
            raise Trouble(self.peer.silent[service])

    def bulk(self, streams):
        received, used = self.stream(streams, self.times.short)
        self.values[f"bulk_{streams}"] = received["bits_per_second"] / 1e9
        if used is not None:
            self.values[f"bulk_{streams}_cpu"] = used / (received["bytes"] / 1e9)

    def stream(self, streams, seconds):
        at, port, _ = self.peer.address("bulk")

        def work():
            report = json.loads(self.peer.shell.run(
                "iperf3", "-c", at, "-p", port, "-P", streams, "-t", seconds, "-J", limit=seconds + 20))
            if "error" in report:
                raise Trouble(f"iperf3: {report['error']}")
            return report["end"]["sum_received"]
        return self.metered(work)

    def grpc(self):
        result, used = self.calls(self.times.short)
        self.record(result["requests"], used, self.times.short, "grpc_cpu_per_call", "grpc_calls_per_second")

    def calls(self, seconds):
        self.answering("grpc")
        at, port, authority = self.peer.address("grpc")

        def work():
            report = self.peer.shell.run(
                "h2load", "-t1", "-c4", "-m8", "-D", seconds, "-H", f":authority: {authority}", "-H",
                "content-type: application/grpc", "-H", "te: trailers", "-d", self.peer.rig.folder / "files/message",
                f"http://{at}:{port}/bench.Echo/Unary", limit=seconds + 20)
            good = int(re.search(r"(\d+) 2xx", report)[1])
            failed = int(re.search(r"(\d+) failed", report)[1])
            return checked("h2load", {"requests": good, "errors": failed})
        return self.metered(work)

    def same_host(self):
        self.wrk("near", 32, self.times.kind if self.peer.cold else self.times.warm)
        self.record(*self.wrk("near", 32, self.times.closed), "same_host_cpu_per_request")
        if "cpu_per_request_c32" in self.values:
            self.values["same_host_to_two_hosts"] = self.values["same_host_cpu_per_request"] / self.values["cpu_per_request_c32"]


def checked(generator, result):
    """Figures of a run in which calls failed would be of something else; a call or two may meet the run's end."""
    if result["requests"] == 0 or result["errors"] > max(2, result["requests"] / 1000):
        raise Trouble(f"{generator}: {result['errors']} calls failed or were not answered in time, beside {result['requests']}")
    return result
