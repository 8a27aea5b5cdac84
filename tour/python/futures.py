import asyncio, json, os, selectors, time

class CountingSelector(selectors.EpollSelector):
    calls = 0

    def select(self, timeout=None):
        self.calls += 1
        return super().select(timeout)

def on_done(future):
    print("  callback:", "cancelled" if future.cancelled() else f"the result is {future.result()}")

async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.add_done_callback(on_done)
    loop.call_soon(future.set_result, 42)
    assert await future == 42
    try:
        future.set_result(43)
    except asyncio.InvalidStateError:
        print("given another: InvalidStateError")
    future = loop.create_future()
    future.add_done_callback(on_done)
    assert future.cancel() and not future.cancel()
    try:
        await asyncio.wait_for(loop.create_future(), 0.005)
    except asyncio.TimeoutError:
        print("waited in vain: TimeoutError")
    since = time.monotonic()
    jobs = [loop.run_in_executor(None, time.sleep, 0.02) for _ in range(4)]
    await asyncio.gather(*jobs)
    print(f"4 blocking calls of 20 ms: all done after {(time.monotonic() - since) * 1000:.0f} ms")
    await loop.shutdown_default_executor()

selector = CountingSelector()
loop = asyncio.SelectorEventLoop(selector)
loop.run_until_complete(main())
loop.close()

account = {"ok": True, "checks": [
    {"what": "calls of epoll_wait", "figure": "io[call=epoll_wait].calls",
     "value": selector.calls, "slack": 0, "percent": 0}]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
