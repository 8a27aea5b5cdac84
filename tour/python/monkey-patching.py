import json, os, types

class Dog:
    def bark(self):
        return "woof"

def sing(self):
    return "la la la"

def noon(*args):
    return "noon"

ok = True
def show(code, promised):
    global ok
    *statements, expression = code.split("; ")
    try:
        for statement in statements:
            exec(statement, globals())
        result = repr(eval(expression))
    except TypeError as e:
        result = f"TypeError: {e}"
    ok &= result == promised
    print(f"{code:48} {result}")

rex, lassie = Dog(), Dog()
show("rex.bark()", "'woof'")
show("Dog.bark = sing; rex.bark()", "'la la la'")
show("lassie.bark()", "'la la la'")
clock = types.ModuleType("clock")
clock.now = now = lambda: "the real time"
show("clock.now()", "'the real time'")
show("clock.now = noon; clock.now()", "'noon'")
show("now()", "'the real time'")
show("clock.now = now; clock.now()", "'the real time'")
show("rex.bark = noon; rex.bark(), lassie.bark()", "('noon', 'la la la')")
show("del rex.bark; rex.bark()", "'la la la'")
show("rex.__str__ = noon; str(rex) == 'noon'", "False")
show("Dog.__str__ = noon; str(rex)", "'noon'")
show("int.bark = sing; None", "TypeError: cannot set 'bark' attribute of immutable type 'int'")
del rex, lassie

account = {"ok": ok, "checks": [
    {"what": "Dog: " + what, "figure": f"types[type=Dog].{figure}",
     "value": 2, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
