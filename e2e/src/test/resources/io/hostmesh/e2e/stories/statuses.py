"""Asks a URL again and again, and prints when each answer came (milliseconds) and its status.

statuses.py URL SECONDS: ends after these seconds at last, or when its output is closed.
"""
import sys
import time
import urllib.error
import urllib.request

until = time.time() + float(sys.argv[2])
while time.time() < until:
    try:
        status = urllib.request.urlopen(sys.argv[1], timeout=5).status
    except urllib.error.HTTPError as e:
        status = e.code
    except OSError:
        status = 0
    print(int(time.time() * 1000), status, flush=True)
    time.sleep(0.01)
