import json, os

class Countdown:
    calls = 0
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return self
    def __next__(self):
        Countdown.calls += 1
        if not self.n:
            raise StopIteration
        self.n -= 1
        return self.n

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except Exception as e:
        result = f"{type(e).__name__}: {e}".removesuffix(": ")
    ok &= result == promised
    print(f"{code:40} {result}")

c = Countdown(4)
show("iter(c) is c", "True")
show("next(c), sum(c), sum(c)", "(3, 3, 0)")
show("next(c)", "StopIteration")
show("sum(Countdown(1000)), Countdown.calls", "(499500, 1008)")
numbers = [10, 20]
a, b = iter(numbers), iter(numbers)
show("next(a), next(a), next(b)", "(10, 20, 10)")
show("next(a)", "StopIteration")
numbers.append(30)
show("next(b), next(b)", "(20, 30)")
show("next(numbers)", "TypeError: 'list' object is not an iterator")
show("iter(5)", "TypeError: 'int' object is not iterable")
show("len(range(1000000000))", "1000000000")
letters = {"a": 1}
keys = iter(letters)
letters["b"] = 2
show("next(keys)", "RuntimeError: dictionary changed size during iteration")
del c

account = {"ok": ok, "checks": [
    {"what": "Countdown: " + what, "figure": f"types[type=Countdown].{figure}",
     "value": 2, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
