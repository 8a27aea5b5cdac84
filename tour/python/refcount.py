import json, os
from sys import getrefcount

CHAIN = 300_000

class Node:
    __slots__ = "next",
    def __init__(self, next=None):
        self.next = next

def references(object):
    return getrefcount(object) - own

own = 0
own = references(Node())  # those of the calls themselves
ok = True

def show(code, count, promised):
    global ok
    ok &= count == promised
    print(f"{code:36} {count}")

def up_and_down():
    a = Node()
    show("a = Node()       references to it", references(a), 1)
    b = a
    show("b = a", references(a), 2)
    d = {1: a, 2: a}
    show("d = {1: a, 2: a}", references(a), 4)
    del d
    show("del d", references(a), 2)
    del b
    show("del b            a's name is left", references(a), 1)

up_and_down()
chain = None
for _ in range(CHAIN):
    chain = Node(chain)
del chain  # 300,000 deep
print(f"{CHAIN} nested objects freed")

# Every 49th or so is put aside on the way down: its dealloc function is entered twice.
account = {"ok": ok, "checks": [
    {"what": "Node: " + what, "figure": f"types[type=Node].{figure}",
     "value": CHAIN + 2, "slack": slack, "percent": 0}
    for what, figure, slack in (("made", "allocs", 0),
                                ("objects that died", "deallocs", CHAIN // 40))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
