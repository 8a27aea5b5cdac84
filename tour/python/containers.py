import json, os
from operator import setitem

class Key:
    compared = 0
    def __init__(self, v):
        self.v = v
    def __eq__(self, other):
        Key.compared += 1
        return self.v == other.v
    def __hash__(self):
        return hash(self.v)

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except Exception as e:
        result = f"{type(e).__name__}: {e}"
    ok &= result == promised
    print(f"{code:44} {result}")

def search(key, container):
    before = Key.compared
    return key in container, Key.compared - before

items = [3, "two", []]
show("items.insert(0, None), items.pop()", "(None, [])")
show("items", "[None, 3, 'two']")
show("items[9]", "IndexError: list index out of range")
t = (1, [])
show("setitem(t, 0, 2)", "TypeError: 'tuple' object does not support item assignment")
show("t[1].append(2), t", "(None, (1, [2]))")
show("tuple([]) is tuple([])", "True")
d = {"c": 1, "a": 2, "b": 3}
show("d | {'c': 9}", "{'c': 9, 'a': 2, 'b': 3}")
show("d.pop('c'), d | {'c': 0}", "(1, {'a': 2, 'b': 3, 'c': 0})")
show("{[]: 1}", "TypeError: unhashable type: 'list'")
show("{1: 'int', True: None}", "{1: None}")
show("len({3, 1, 3, 2}), {1, 2, 3} & {2, 9}", "(3, {2})")
keys = [Key(v) for v in range(1000)]
key_set = set(keys)
show("search(Key(999), keys)", "(True, 1000)")
show("search(Key(999), key_set)", "(True, 1)")
show("search(Key(-7), keys)", "(False, 1000)")
show("search(Key(-7), key_set)", "(False, 0)")
del keys, key_set

account = {"ok": ok, "checks": [
    {"what": "Key: " + what, "figure": f"types[type=Key].{figure}",
     "value": 1004, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
