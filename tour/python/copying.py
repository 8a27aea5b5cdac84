import gc, json, os
from copy import copy, deepcopy

class Node:
    pass

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except Exception as e:
        result = f"{type(e).__name__}: {e}"
    ok &= result == promised
    print(f"{code:40} {result}")

l, t = [1, 2], (1, 2)
show("l[:] is l, t[:] is t, copy(t) is t", "(False, True, True)")
l = [1, [2]]
shallow, deep = copy(l), deepcopy(l)
l.append(3)
l[1].append(9)
show("l", "[1, [2, 9], 3]")
show("shallow", "[1, [2, 9]]")
show("deep", "[1, [2]]")
x = []
l = [x, x]
l.append(l)
deep = deepcopy(l)
show("deep", "[[], [], [...]]")
show("deep[0] is deep[1], deep[0] is x", "(True, False)")
show("deep[2] is deep", "True")
a, b = Node(), Node()
a.next, b.next = b, a
show("copy(a).next is b", "True")
deep = deepcopy(a)
show("deep.next is b", "False")
show("deep.next.next is deep", "True")
show("deepcopy(t) is t", "True")
show("copy(x for x in t)", "TypeError: cannot pickle 'generator' object")
del a, b, deep
gc.collect() # the circles

checks = [{"what": "Node: " + what, "figure": f"types[type=Node].{figure}",
           "value": 5, "slack": 0, "percent": 0}
          for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps({"ok": ok, "checks": checks}).encode())
