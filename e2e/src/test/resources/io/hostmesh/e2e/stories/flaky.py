"""Fails, hangs and counts as its paths say: python3 flaky.py PORT NAME"""
import collections
import http.server
import sys
import time

seen = collections.Counter()


class Flaky(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length).decode()
        kind = self.path.split("/")[1]
        status = 200
        if kind == "count":
            answer = str(seen[self.path[len("/count"):]])
        else:
            seen[self.path] += 1
            if kind == "twice" and seen[self.path] <= 2:
                status = 503
            if sys.argv[2] == "slow" and kind == "slow" or sys.argv[2] == "hang":
                time.sleep(4)
            attempt = self.headers.get("x-envoy-attempt-count", "none")
            answer = "%s try %s host %s %s" % (sys.argv[2], attempt, self.headers["host"], body)
        try:
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())
        except OSError:
            self.close_connection = True

    do_POST = do_GET
    do_PUT = do_GET

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Flaky).serve_forever()
