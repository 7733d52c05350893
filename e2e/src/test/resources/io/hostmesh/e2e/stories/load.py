"""So many requests a second for so long: load.py URL A-SECOND SECONDS [WARM-UP SECONDS]. Prints how many were
answered by each status, without those of the warm-up."""
import collections, http.client, sys, time, urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
rate, seconds = float(sys.argv[2]), float(sys.argv[3])
warm = float(sys.argv[4]) if len(sys.argv) > 4 else 0
seen = collections.Counter()
connection = http.client.HTTPConnection(url.netloc, timeout=10)
begin = time.monotonic()
due = 0
while True:
    now = time.monotonic() - begin
    if now >= warm + seconds:
        break
    if now * rate < due:
        time.sleep((due / rate - now) if due / rate > now else 0)
        continue
    due += 1
    connection.request("GET", url.path or "/")
    answer = connection.getresponse()
    answer.read()
    if now >= warm:
        seen[answer.status] += 1
print(" ".join(f"{status}={count}" for status, count in sorted(seen.items())))
