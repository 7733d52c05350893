"""A TCP service that says each line again, and a call of it that stays open.

lines.py serve PORT
lines.py call HOST PORT: prints the answer to its line, and when (milliseconds) the connection is over.
"""
import socket
import socketserver
import sys
import time


class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


if sys.argv[1] == "serve":
    socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[2])), Lines).serve_forever()
call = socket.create_connection((sys.argv[2], int(sys.argv[3])))
call.sendall(b"hello\n")
print(call.recv(6).decode().strip(), flush=True)
try:
    call.recv(1)
except OSError:
    pass
print(int(time.time() * 1000), flush=True)
