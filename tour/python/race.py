import json, os, sys, threading

THREADS, ROUNDS = 4, 100_000
sys.setswitchinterval(0.0002)  # 0.2 ms instead of 5: more switches, more accidents
lock = threading.Lock()

def one():
    return 1

def race(step, with_lock):
    global a
    for _ in range(ROUNDS):
        if with_lock:
            with lock:
                a += step * one()
        else:
            a += step * one()  # load a, call, add, store a: the call may lose the GIL

def run(with_lock):
    global a
    a = 0
    threads = [threading.Thread(target=race, args=((1, -1)[i % 2], with_lock))
               for i in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return a

bare, locked = run(False), run(True)
print(f"no lock: a is {bare}, should be 0")
print(f"under a lock: a is {locked}, should be 0")

# That the lock helps is certain; that its absence shows in the sum is only very likely.
account = {"ok": locked == 0, "checks": []}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
