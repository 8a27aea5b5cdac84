import json, os, selectors

PIPES = [os.pipe() for _ in range(100)]
KINDS = {"pselect6": selectors.SelectSelector, "poll": selectors.PollSelector,
         "epoll_wait": selectors.EpollSelector}
checks = []

def watch(kind):
    events = 0
    with kind() as selector:
        for reader, _ in PIPES:
            selector.register(reader, selectors.EVENT_READ)
        for n in 1, 10, 100:
            for _, writer in PIPES[:n]:
                os.write(writer, b"x")
            for key, _ in selector.select():  # one system call brings all n
                events += len(os.read(key.fd, 1))
        selector.select(0.002)  # nothing is ready: a time-out
    return events

for call, kind in KINDS.items():
    events = watch(kind)
    print(f"{kind.__name__}: {events} events in 3 calls, then a time-out")
    for figure, value in ("calls", 4), ("events", 111), ("timeouts", 1), ("wakeups", 0):
        checks.append({"what": f"{call}: {figure}", "figure": f"io[call={call}].{figure}",
                       "value": value, "slack": 0, "percent": 0})

account = {"ok": events == 111, "checks": checks}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
