"""The machine: what processes use, programs that are started and ended, a shell on a host."""
import os
import re
import secrets
import select
import shlex
import signal
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """What the person at the terminal is told, in one line."""


def read(path):
    """The text of a file in /proc; empty when its process has ended."""
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def run(*words, limit=60, text=None):
    """The output of a command that must succeed within limit seconds."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=limit)
    except FileNotFoundError:
        raise Trouble(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"{shlex.join(words)} took longer than {limit} s") from None
    if done.returncode:
        raise Trouble(f"{shlex.join(words)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done.stdout


def wait_until(what, holds, limit):
    """Waits until holds() is true."""
    deadline = time.monotonic() + limit
    while not holds():
        if time.monotonic() > deadline:
            raise Trouble(f"{what} did not come true within {limit} s")
        time.sleep(0.1)


def tree(pid):
    """A process and its descendants."""
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        if read(f"/proc/{each}/stat"):
            found.append(each)
            for task in Path(f"/proc/{each}/task").glob("*"):
                todo += map(int, read(task / "children").split())
    return found


def cpu(pids):
    """Seconds, user and system, of all threads of these processes."""
    total = 0
    for pid in pids:
        fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        if fields:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident(pids):
    """MB (10^6 bytes)."""
    return sum(int(kib) for pid in pids for kib in re.findall(r"^VmRSS:\s+(\d+)", read(f"/proc/{pid}/status"), re.M)) * 1.024e-3


def strangers(ours):
    """Seconds used so far by each process that is no part of the measurement; kernel threads left out."""
    pids = {int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()} - set(ours)
    return {pid: cpu([pid]) for pid in pids if read(f"/proc/{pid}/cmdline")}


class Program:
    """A program in a network namespace, with its log."""

    def __init__(self, namespace, log, *words, folder="/"):
        self.name, self.log = words[0], Path(log)
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{namespace}", "--", *map(str, words)], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True)
        self.namespace, self.pid = namespace, self.process.pid

    def listens(self, port):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()[-1000:].strip()}")
        return bool(run("nsenter", f"--net=/run/netns/{self.namespace}", "ss", "-Hltn", f"sport = :{port}"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()


class Shell:
    """A shell on the calling host: a command run in it does not pay for getting there. words start it."""

    def __init__(self, *words):
        self.process = subprocess.Popen([*map(str, words), "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, *words, limit):
        """The output of a command; Trouble when it fails, or takes more than limit seconds."""
        command = shlex.join(map(str, words))
        mark = secrets.token_hex(8)
        line = f"timeout --foreground -k 1 {limit} {command} </dev/null 2>&1; echo {mark} $?\n"
        output, deadline = "", time.monotonic() + limit + 30
        try:
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # The shell has ended; what it said is read below.
        while not (end := re.search(rf"{mark} (\d+)\n", output)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise Trouble(f"{command}: {'the shell ended' if ready else 'no end'}: {output[-1000:].strip()}")
            output += piece.decode(errors="replace")
        output = output[:end.start()]
        if end[1] != "0":
            raise Trouble(f"{command} ended with {end[1]}{' (too long)' if end[1] == '124' else ''}: {output[-200:].strip()}")
        return output

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # It has ended by itself.
        self.process.wait()
