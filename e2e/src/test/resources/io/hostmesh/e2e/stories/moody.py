"""Answers with its name, by its mood: python3 moody.py PORT NAME FILE

What FILE has in it says how: "bad": with status 500; "ill": 503, but to /healthz only. /slow takes a second."""
import http.server
import sys
import time


def mood():
    try:
        with open(sys.argv[3]) as file:
            return file.read().strip()
    except OSError:
        return ""


class Moody(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1)
        status = 200
        if self.path == "/healthz":
            status = 503 if mood() == "ill" else 200
        elif mood() == "bad":
            status = 500
        answer = (sys.argv[2] + "\n").encode()
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512


Server(("0.0.0.0", int(sys.argv[1])), Moody).serve_forever()
