import json, os

class Metres:
    def __init__(self, n):
        self.n = n
    def __add__(self, other):
        asked.append(other)
        return self.n + other.n if type(other) is Metres else NotImplemented
    __radd__ = __add__

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except TypeError as e:
        result = f"TypeError: {e}"
    ok &= result == promised
    print(f"{code:36} {result}")

asked = []
show("1 + 1", "2")
show("'1' + '1'", "'11'")
show("1 + '1'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'")
show("'1' + 1", 'TypeError: can only concatenate str (not "int") to str')
show("1 + 0.5", "1.5")
show("int('1') + 1", "2")
x: int = 1
show("type(x)", "<class 'int'>")
x = "one"  # the annotation is not looked at
show("type(x)", "<class 'str'>")
show("1 == '1'", "False")
show("1 < '1'", "TypeError: '<' not supported between instances of 'int' and 'str'")
show("1 == True", "True")
show("Metres(20) + Metres(20)", "40")
show("Metres(20) + 1", "TypeError: unsupported operand type(s) for +: 'Metres' and 'int'")
show("1 + Metres(20)", "TypeError: unsupported operand type(s) for +: 'int' and 'Metres'")
ok &= len(asked) == 3
asked.clear()

account = {"ok": ok, "checks": [
    {"what": "Metres: " + what, "figure": f"types[type=Metres].{figure}",
     "value": 4, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
