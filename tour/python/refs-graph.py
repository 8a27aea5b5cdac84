import gc, json, os

class Box:
    __slots__ = "to", "back", "list"

def neighbours(o, backwards):
    found = gc.get_referrers(o) if backwards else gc.get_referents(o)
    return tuple(x for x in found if isinstance(x, (Box, str, list)))

def graph(o, depth, backwards=False):
    nodes, edges, at = {id(o): o}, [], 0  # no lists of objects: they would refer to them
    for _ in range(depth):
        for x in tuple(nodes.values())[at:]:
            at += 1
            for other in neighbours(x, backwards):
                nodes.setdefault(id(other), other)
                edges.append((id(other), id(x)) if backwards else (id(x), id(other)))
    number = {key: i for i, key in enumerate(nodes)}
    print("digraph references {")
    for i, node in enumerate(nodes.values()):
        text = node if isinstance(node, str) else type(node).__name__
        print(f'\tn{i} [label="{text}"];')
    for a, b in edges:
        print(f"\tn{number[a]} -> n{number[b]};")
    print("}")
    return len(nodes), len(edges)

def ring():
    a, b = Box(), Box()
    a.to, b.back, b.list = b, a, ["leaf", a]
    return a

gc.disable()
box = ring()
print("what box refers to:")
ok = graph(box, 3) == (4, 5)
print("who refers to box:")
ok &= graph(box, 1, backwards=True) == (3, 2)
del box
print("del box; gc.collect() finds the ring:", gc.collect() > 0)

account = {"ok": ok, "checks": [
    {"what": "Box: " + what, "figure": f"types[type=Box].{figure}",
     "value": 2, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
