import json, os, sys, threading

ROUNDS = 2_000_000
counts = [0, 0, 0]

def compute(i):
    for _ in range(ROUNDS):
        counts[i] += 1

threads = [threading.Thread(target=compute, args=(i,)) for i in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(f"3 threads counted to {counts[0]}, {counts[1]} and {counts[2]}, one at a time")

# What a tracer should see: every switch interval of the computing is one forced release.
account = {"ok": counts == [ROUNDS] * 3, "checks": []}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
