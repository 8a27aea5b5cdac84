import json, os, weakref

class Thing:
    pass

def grow(items):
    items.append(0)
    items = [9]

def collect(x, into=[]):
    into.append(x)
    return into

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except Exception as e:
        result = f"{type(e).__name__}: {e}"
    ok &= result == promised
    print(f"{code:40} {result}")

a = [1, 2]
b = a
b.append(3)
show("a", "[1, 2, 3]")
b = []
show("a", "[1, 2, 3]")
c = a
del a
show("c", "[1, 2, 3]")
show("a", "NameError: name 'a' is not defined")
show("grow(c), c", "(None, [1, 2, 3, 0])")
show("collect(1)", "[1]")
show("collect(2)", "[1, 2]")
show("collect(3, [])", "[3]")
d = c
d += [5]
show("c", "[1, 2, 3, 0, 5]")
x = y = 1000
y += 1
show("x, y", "(1000, 1001)")
p = q = Thing()
weak = weakref.ref(p)
del p
show("weak() is q", "True")
del q
show("weak()", "None")

account = {"ok": ok, "checks": [
    {"what": "Thing: " + what, "figure": f"types[type=Thing].{figure}",
     "value": 1, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
