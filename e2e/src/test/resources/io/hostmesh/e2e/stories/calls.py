"""Calls a URL again and again, a new connection each time where asked, until the file STOP is there.

python3 calls.py URL STOP [new]: prints how many calls were answered with 200, then a line a failure."""
import http.client
import os
import sys
import time
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
fresh = len(sys.argv) > 3
connection = None
good = 0
failures = []
while not os.path.exists(sys.argv[2]):
    try:
        if connection is None:
            connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=10)
        connection.request("GET", url.path or "/")
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 200:
            good += 1
        else:
            failures.append("%s %d %s" % (time.strftime("%H:%M:%S"), answer.status, text[:120]))
        if fresh or answer.will_close:
            connection.close()
            connection = None
    except Exception as failure:
        failures.append("%s %r" % (time.strftime("%H:%M:%S"), failure))
        connection = None
        time.sleep(0.05)
    time.sleep(0.005)
print("good", good)
for failure in failures:
    print("failed", failure)
