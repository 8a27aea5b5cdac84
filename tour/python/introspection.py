import inspect, json, os

class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def scale(self, by, *args, **kwargs):
        "Make it larger."

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except TypeError as e:
        result = f"TypeError: {e}"
    ok &= result == promised
    print(f"{code:44} {result}")

p, q = Point(3, 4), Point(3, 4)
show("type(p)", "<class '__main__.Point'>")
show("type(Point), type(type)", "(<class 'type'>, <class 'type'>)")
show("isinstance(p, Point), isinstance(p, object)", "(True, True)")
show("isinstance(p, int), isinstance(True, int)", "(False, True)")
show("id(p) == id(q)", "False")
show("vars(p)", "{'x': 3, 'y': 4}")
show("[n for n in dir(p) if n[0] != '_']", "['scale', 'x', 'y']")
show("hasattr(p, 'z'), getattr(p, 'x')", "(False, 3)")
show("callable(p), callable(p.scale)", "(False, True)")
show("Point.__mro__", "(<class '__main__.Point'>, <class 'object'>)")
show("inspect.signature(Point)", "<Signature (x, y)>")
show("str(inspect.signature(p.scale))", "'(by, *args, **kwargs)'")
show("p.scale.__doc__", "'Make it larger.'")
show("sum(vars(p).values())", "7")
show("vars(3)", "TypeError: vars() argument must have __dict__ attribute")
show("inspect.signature(3)", "TypeError: 3 is not a callable object")
del p, q

account = {"ok": ok, "checks": [
    {"what": "Point: " + what, "figure": f"types[type=Point].{figure}",
     "value": 2, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
