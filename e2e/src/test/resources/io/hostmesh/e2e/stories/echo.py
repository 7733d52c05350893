"""Answers each request with what it saw: python3 echo.py PORT NAME [ADDRESS]

A path that begins with /slow-at-NAME... is slow at the instances that it names, one with /fail-at-NAME... fails there.
"""
import http.server
import sys
import time


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # Head and body in one segment.

    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        asks, _, names = self.path.lstrip("/").split("/")[0].partition("-at-")
        named = sys.argv[2] in names.split("-")
        if named and asks == "slow":
            time.sleep(0.3)
        lines = [sys.argv[2] + " " + self.command + " " + self.path + " from " + self.client_address[0]]
        lines += [name.lower() + ": " + value for name, value in self.headers.items()]
        answer = ("\n".join(lines) + "\n").encode() + body
        self.send_response(503 if named and asks == "fail" else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


address = sys.argv[3] if len(sys.argv) > 3 else "0.0.0.0"
http.server.ThreadingHTTPServer((address, int(sys.argv[1])), Echo).serve_forever()
