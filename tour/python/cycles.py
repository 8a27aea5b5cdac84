import gc, json, os, sys, weakref

class Node:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        ended.append(self.name)

class Phoenix:
    def __del__(self):
        ended.append("phoenix")
        saved.append(self)

ok = True
def show(code, promised):
    global ok
    result = eval(code)
    ok &= result == promised
    print(f"{code:36} {result!r}")

gc.disable()  # collections only where they are asked for
gc.collect()
ended, saved = [], []
a, b = Node("a"), Node("b")
a.other, b.other = b, a
weak = weakref.ref(a)
del a, b
show("ended", [])
show("weak() is None", False)
show("gc.collect() >= 2", True)
show("sorted(ended)", ["a", "b"])
show("weak()", None)
ended.clear()
parent, child = Node("parent"), Node("child")
parent.child, child.parent = child, weakref.ref(parent)
del parent
show("ended, child.parent()", (["parent"], None))
del child
show("gc.collect()", 0)
ended.clear()
phoenix = Phoenix()
phoenix.me = phoenix
del phoenix
show("gc.collect(), len(saved)", (0, 1))
show("saved[0].me is saved[0]", True)
saved.clear()
show("gc.collect() >= 1", True)
show("ended, saved", (["phoenix"], []))

stats = gc.get_stats()[2]
account = {"ok": ok, "checks": [
    {"what": what, "figure": figure, "value": value, "slack": 0, "percent": 0}
    for what, figure, value in (
        ("full collections", "gc[generation=2].collections", stats["collections"]),
        ("objects collected", "gc[generation=2].collected", stats["collected"]),
        ("uncollectable", "gc[generation=2].uncollectable", stats["uncollectable"]),
        ("Node: made", "types[type=Node].allocs", 4),
        ("Node: objects that died", "types[type=Node].deallocs", 4),
        ("Phoenix: objects that died", "types[type=Phoenix].deallocs", 1))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
sys.stdout.flush()
os._exit(0)  # without the collections at the end, which would be seen too
