import json, os

class Square:
    def __init__(self, x):
        self.v = x * x
        calls.append(x)
    def __repr__(self):
        return str(self.v)
    def __eq__(self, other):
        return self.v == other.v
    def __hash__(self):
        return self.v

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except Exception as e:
        result = f"{type(e).__name__}: {e}"
    ok &= result == promised
    print(f"{code:50} {result}")

calls = []
show("[Square(x) for x in range(-3, 4)]", "[9, 4, 1, 0, 1, 4, 9]")
show("[Square(x) for x in range(-3, 4) if x % 2]", "[9, 1, 1, 9]")
show("len({Square(x) for x in range(-3, 4)})", "4")
show("{x: Square(x) for x in range(-3, 4) if x % 2}", "{-3: 9, -1: 1, 1: 1, 3: 9}")
show("len(calls)", "22")
g = (Square(x) for x in range(1, 10 ** 9))
show("len(calls)", "22")
show("next(g)", "1")
show("any(square.v > 200 for square in g)", "True")
show("len(calls)", "37")
x = "outside"
show("[x for x in range(3)], x", "([0, 1, 2], 'outside')")
show("[x + 1 for x in [1, 'a', 3]]", 'TypeError: can only concatenate str (not "int") to str')
del g

account = {"ok": ok, "checks": [
    {"what": "Square: " + what, "figure": f"types[type=Square].{figure}",
     "value": len(calls), "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
