"""Options, rounds, and what comes out: see --help."""
import argparse
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import FIGURES, FULL, QUICK, Visit
from hosts import Hosts, prepare
from machine import Trouble, run
from peers import ALL

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = Path("/var/tmp/hostmesh-benchmarks")
OPEN_FILES = 16384
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Rig:
    """What the peers share. folder is open to every user, since the lab's services are users of their own."""

    def __init__(self, options):
        self.root, self.folder = ROOT, RUN
        self.workers, self.resumption = options.workers, options.resumption
        self.hosts = Hosts(RUN)
        self.envoy = None

    def programs(self):
        return [program.pid for program in self.hosts.programs]

    def up(self):
        self.clear()
        RUN.mkdir(mode=0o755)
        prepare(RUN)
        self.hosts.up()

    def clear(self):
        """Removes all of this run; and what an earlier one left that was killed."""
        if (RUN / "lab").exists():
            run(ROOT / "hostmesh", "lab", "down", "--dir", RUN / "lab", limit=120)
        self.hosts.down()
        shutil.rmtree(RUN, ignore_errors=True)


def options():
    parser = argparse.ArgumentParser(
        prog="benchmarks/run", description="Measures Hostmesh side by side with a direct connection, Envoy, HAProxy and nginx: two "
        "hosts (network namespaces), mutual TLS 1.3 between them. Needs root; installs and builds what it misses; leaves nothing "
        "behind but Envoy in the user's cache. About 14 minutes a round.")
    parser.add_argument("--quick", action="store_true", help="one round of short phases, within 10 minutes: shows that all works; "
                        "its figures are not to be kept")
    parser.add_argument("--rounds", type=int, metavar="N", help="1 to 50, every round visits every peer; 3 (with --quick 1)")
    parser.add_argument("--peers", default=",".join(ALL), metavar="A,B", help="of " + ", ".join(ALL) + " (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures there")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="event loops or workers of each proxy (default: 1)")
    parser.add_argument("--resumption", action="store_true", help="TLS sessions are resumed (otherwise none is)")
    given = parser.parse_args()
    given.rounds = given.rounds if given.rounds is not None else (1 if given.quick else 3)
    given.peers = given.peers.split(",")
    unknown = [name for name in given.peers if name not in ALL]
    if unknown:
        parser.error(f"--peers: {', '.join(unknown)}: not one of {', '.join(ALL)}")
    if len(set(given.peers)) < len(given.peers):
        parser.error("--peers: one is named twice")
    if not 1 <= given.rounds <= 50 or not 1 <= given.workers <= 64:
        parser.error("--rounds is 1 to 50, --workers 1 to 64")
    if given.json and not given.json.absolute().parent.is_dir():
        parser.error(f"--json: {given.json.absolute().parent} is no folder")
    return given


def prerequisites(given, rig):
    if os.geteuid() != 0:
        raise Trouble("needs root: it makes network namespaces and firewall rules; run: sudo benchmarks/run")
    needs = "ss:iproute2 openssl:openssl cc:gcc nginx:nginx-light wrk:wrk iperf3:iperf3 h2load:nghttp2-client sysctl:procps"
    if "haproxy" in given.peers:
        needs += " haproxy:haproxy"
    script = (f". tools/prerequisites.sh && need_lab_tools && need_commands {needs} && "
              "{ [ -e /usr/include/openssl/ssl.h ] || install_packages libssl-dev; }")
    if "envoy" in given.peers:
        script += " && need_envoy && echo \"$envoy\""
    ready = subprocess.run(["sh", "-euc", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if ready.returncode:
        raise Trouble("something is missing, see above")
    if "envoy" in given.peers:
        rig.envoy = ready.stdout.splitlines()[-1]
    if "hostmesh" in given.peers and not is_built():
        say("building Hostmesh (a few minutes)")
        script = (". tools/prerequisites.sh && need_build_tools && mvn -B -ntp -q -DskipTests -Dmdep.analyze.skip "
                  "-Dspotless.check.skip -Dpackages.skip package")
        if subprocess.run(["sh", "-euc", script], cwd=ROOT, stdout=sys.stderr).returncode:
            raise Trouble("Hostmesh could not be built, see above")


def is_built():
    """Whether the distribution is there, and no source is newer."""
    made = ROOT / "packaging/target/dist/bin/hostmesh"
    sources = [ROOT / "pom.xml", *ROOT.glob("*/pom.xml"), *ROOT.glob("*/src/main/**/*"), *ROOT.glob("config/**/*")]
    return made.exists() and all(file.stat().st_mtime < made.stat().st_mtime for file in sources)


def open_files():
    """All that is started here may open files for 10,000 connections and their other ends."""
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < OPEN_FILES:
        raise Trouble(f"only {limit} open files are allowed, {OPEN_FILES} are needed; run: ulimit -Hn {OPEN_FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def say(text):
    print(text, file=sys.stderr, flush=True)


def rounds(given, rig):
    """A dict of peer and Visit for each round."""
    times = QUICK if given.quick else FULL
    made = []
    for number in range(1, given.rounds + 1):
        made.append({})
        for name in given.peers:
            began = time.monotonic()
            peer = ALL[name](rig)
            visit = made[-1][name] = Visit(peer, times)
            try:
                peer.start()
                visit.make()
            except Trouble as trouble:
                visit.troubles.append(str(trouble))
            finally:
                peer.stop()
            rate = visit.values.get("requests_per_second_c32")
            say(f"round {number} of {given.rounds}, {name}: {time.monotonic() - began:.0f} s"
                + (f", {rate:,.0f} requests/s at 32 connections" if rate else ""))
            for trouble in visit.troubles:
                say(f"  not measured: {trouble}")
    return made


def add_latency(made):
    """Over direct's median of all rounds, since one bad visit to direct would spoil its whole round."""
    direct = [r["direct"].values["latency_1000"] for r in made if "direct" in r and "latency_1000" in r["direct"].values]
    for visit in (visit for r in made for name, visit in r.items() if name != "direct"):
        if direct and "latency_1000" in visit.values:
            visit.values["added_latency_1000"] = visit.values["latency_1000"] - statistics.median(direct)


def summary(made, names):
    """The records of the JSON file."""
    records = []
    for figure in FIGURES:
        for name in names:
            values = [r[name].values[figure] for r in made if figure in r[name].values]
            if values:
                records.append({
                    "peer": name, "figure": figure, "unit": FIGURES[figure].unit, "median": statistics.median(values),
                    "min": min(values), "max": max(values), "ratios": ratios(made, names, name, figure)})
    return records


def ratios(made, names, name, figure):
    """To each other peer: the median of the ratios within a round, which hold where the machine's speed does not."""
    found = {}
    for other in (other for other in names if other != name):
        pairs = [(r[name].values.get(figure), r[other].values.get(figure)) for r in made]
        within = [mine / theirs for mine, theirs in pairs if mine is not None and theirs]
        if within:
            found[other] = statistics.median(within)
    return found


def table(records, names, versions):
    """Markdown: median (min to max) of each peer, and Hostmesh's ratio to it."""
    by = {(record["figure"], record["peer"]): record for record in records}
    others = [name for name in names if name not in ("direct", "hostmesh")] if "hostmesh" in names else []
    heads = [f"{name} {versions[name]}" for name in names] + [f"hostmesh / {name}" for name in others]
    lines = ["| figure | unit | " + " | ".join(heads) + " |", "|---|---|" + "---:|" * len(heads)]
    for figure, kind in FIGURES.items():
        cells = []
        for name in names:
            record = by.get((figure, name))
            low, mid, high = (f"{record[k]:,.{kind.digits}f}" for k in ("min", "median", "max")) if record else ("", "", "")
            cells.append(mid if low == high else f"{mid} ({low} to {high})")
        ours = by.get((figure, "hostmesh"), {"ratios": {}})["ratios"]
        cells += [f"{ours[name]:.2f}" if name in ours else "" for name in others]
        if any(cells):
            lines.append(f"| {kind.text} | {kind.unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    given = options()
    rig = Rig(given)
    prerequisites(given, rig)
    open_files()
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind("\0hostmesh-benchmarks")  # An abstract name: it ends with this process.
    except OSError:
        raise Trouble("another benchmarks/run is under way on this machine; wait for its end") from None
    for number in SIGNALS:
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    try:
        rig.up()
        versions = {name: ALL[name](rig).version() for name in given.peers}
        made = rounds(given, rig)
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # What is left behind is worse than a late end.
        rig.clear()
    add_latency(made)
    records = summary(made, given.peers)
    if given.json:
        given.json.write_text(json.dumps(records, indent=1) + "\n")
    print(table(records, given.peers, versions))
    noise = [cores for r in made for visit in r.values() for cores in visit.noise]
    if noise:
        print(f"\nOther processes used {statistics.median(noise):.2f} cores meanwhile (median of the phases; at most {max(noise):.2f}): "
              "where that is not near 0, figures are not to be trusted.")
    return 1 if any(visit.troubles for r in made for visit in r.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        say(f"benchmarks/run: {trouble}")
        sys.exit(1)
