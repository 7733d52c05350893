"""Calls services of all kinds for some time and checks every byte that comes back.

python3 soak.py call SECONDS     the callers; prints "good KIND COUNT" a kind, and a line a failure
python3 soak.py http PORT        answers each request with its body, in chunks
python3 soak.py tcp PORT         sends back what it gets"""
import asyncio
import http.client
import os
import random
import socket
import sys
import threading
import time

SMALL = b"0123456789" * 10
LARGE = bytes(range(256)) * 256


def chunks(body):
    at = 0
    while at < len(body):
        size = random.choice((1, 17, 1024, 9000, 40000))
        yield body[at:at + size]
        at += size


class Connection:
    """One kept HTTP/1.1 connection, or a new one for each call."""

    def __init__(self, host, fresh=False):
        self.host, self.fresh, self.connection = host, fresh, None

    def call(self, method, path, body=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, 80, timeout=20)
        self.connection.request(method, path, body=body, encode_chunked=body is not None,
                                headers={"transfer-encoding": "chunked"} if body is not None else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if self.fresh:
            self.connection.close()
            self.connection = None
        if answer.status != 200:
            raise AssertionError("%d %s" % (answer.status, text[:120]))
        return text

    def forget(self):
        self.connection = None


def expect(got, wanted):
    if got != wanted:
        raise AssertionError("%d bytes came back, not the %d expected" % (len(got), len(wanted)))


class Http:
    def __init__(self, path, wanted, fresh=False):
        self.connection, self.path, self.wanted = Connection("site.mesh", fresh), path, wanted

    def once(self):
        expect(self.connection.call("GET", self.path), self.wanted)

    def forget(self):
        self.connection.forget()


class Chunked:
    def __init__(self):
        self.connection = Connection("chunks.mesh")

    def once(self):
        body = os.urandom(random.choice((0, 1, 1000, 65536, 300000)))
        expect(self.connection.call("POST", "/", chunks(body)), body)

    def forget(self):
        self.connection.forget()


class Stream:
    """A TCP connection that is used for some messages, and closed in one way or the other."""

    def __init__(self):
        self.socket, self.left = None, 0

    def once(self):
        if self.socket is None:
            self.socket, self.left = socket.create_connection(("bytes.mesh", 7000), 20), random.choice((1, 1, 20))
        message = os.urandom(random.choice((1, 100, 5000, 200000)))
        sender = threading.Thread(target=self.socket.sendall, args=(message,))
        sender.start()
        got = b""
        while len(got) < len(message):
            part = self.socket.recv(65536)
            if not part:
                break
            got += part
        sender.join()
        expect(got, message)
        self.left -= 1
        if self.left == 0:
            self.socket.shutdown(socket.SHUT_WR)
            expect(self.socket.recv(1), b"")
            self.socket.close()
            self.socket = None

    def forget(self):
        self.socket = None


def call(seconds):
    end = time.monotonic() + seconds
    good, failures = {}, []

    def run(kind, make):
        caller = make()
        good[kind] = 0
        while time.monotonic() < end:
            try:
                caller.once()
                good[kind] += 1
            except Exception as failure:
                failures.append("%s %s %r" % (time.strftime("%H:%M:%S"), kind, failure))
                caller.forget()
                time.sleep(0.1)
            time.sleep(0.002)

    kinds = {"small": lambda: Http("/small", SMALL), "large": lambda: Http("/large", LARGE),
             "fresh": lambda: Http("/small", SMALL, fresh=True), "chunked": Chunked, "tcp": Stream}
    threads = [threading.Thread(target=run, args=kind) for kind in kinds.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind, count in good.items():
        print("good", kind, count)
    for failure in failures[:50]:
        print("failed", failure)


async def answer(reader, writer):
    """Reads a chunked request and answers with what it was, in chunks of its own."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = b""
            while b"transfer-encoding: chunked" in head.lower():  # An empty body may come as none.
                size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
                body += (await reader.readexactly(size + 2))[:-2]
                if size == 0:
                    break
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            for part in chunks(body):
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def echo(reader, writer):
    try:
        while True:
            part = await reader.read(65536)
            if not part:
                break
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def serve(handler, port):
    server = await asyncio.start_server(handler, "127.0.0.1", port)
    await server.serve_forever()


if sys.argv[1] == "call":
    call(int(sys.argv[2]))
else:
    asyncio.run(serve(answer if sys.argv[1] == "http" else echo, int(sys.argv[2])))
