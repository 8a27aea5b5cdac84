import json, os, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

WORKERS, ITEMS = 4, [20_000 + i for i in range(8)]

def primes_below(most):
    found = 0
    for n in range(2, most):
        d = 2
        while d * d <= n and n % d:
            d += 1
        found += d * d > n
    return found

def work(name, pool):
    since = time.monotonic()
    with pool:
        results = list(pool.map(primes_below, ITEMS))
    print(f"{WORKERS} {name}: {(time.monotonic() - since) * 1000:.0f} ms")
    return results

threads = work("threads", ThreadPoolExecutor(WORKERS))
processes = work("processes", ProcessPoolExecutor(WORKERS, get_context("fork")))

account = {"ok": threads == processes, "checks": []}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
