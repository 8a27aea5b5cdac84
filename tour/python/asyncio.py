import asyncio, json, os, selectors, time

class CountingSelector(selectors.EpollSelector):
    calls = events = 0

    def select(self, timeout=None):
        ready = super().select(timeout)
        self.calls += 1
        self.events += len(ready)
        return ready

async def square(number):
    for _ in range(2):
        await asyncio.sleep(0.01)  # the other tasks run meanwhile
    return number * number

async def main():
    for i in range(1, 4):
        asyncio.get_running_loop().call_later(0.005 * i, ticks.append, i)
    return await asyncio.gather(*(square(i) for i in range(100)))

ticks = []
selector = CountingSelector()
loop = asyncio.SelectorEventLoop(selector)
since = time.monotonic()
results = loop.run_until_complete(main())
print(f"100 tasks slept 20 ms each, {(time.monotonic() - since) * 1000:.0f} ms together; "
      f"squares add up to {sum(results)}")
print(f"{len(ticks)} timers fired meanwhile")
loop.close()

account = {"ok": sum(results) == 328350 and len(ticks) == 3, "checks": [
    {"what": f"epoll_wait: {figure}", "figure": f"io[call=epoll_wait].{figure}",
     "value": getattr(selector, figure), "slack": 0, "percent": 0}
    for figure in ("calls", "events")]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
