import functools, json, os

calls = 0

def twice(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        f(*args, **kwargs)
        return f(*args, **kwargs)
    return wrapper

def tag(name):
    def decorator(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            return f"<{name}>{f(*args, **kwargs)}</{name}>"
        return wrapper
    return decorator

class CountCalls:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.calls = 0
    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.__wrapped__(*args, **kwargs)

def greet(name):
    "Greet somebody."
    global calls
    calls += 1
    return f"hello {name}"

ok = True
def show(code, promised):
    global ok
    result = eval(code)
    ok &= result == promised
    print(f"{code:50} {result!r}")

show("tag('b')(tag('i')(greet))('Ann')", "<b><i>hello Ann</i></b>")
show("tag('i')(tag('b')(greet))('Ann')", "<i><b>hello Ann</b></i>")
show("tag('b')(twice(greet))('Ann'), calls", ("<b>hello Ann</b>", 4))
counted = CountCalls(greet)
show("[counted('Ann') for _ in range(3)], counted.calls", (["hello Ann"] * 3, 3))
show("counted.__name__, counted.__doc__", ("greet", "Greet somebody."))
del counted

account = {"ok": ok, "checks": [
    {"what": "CountCalls: " + what, "figure": f"types[type=CountCalls].{figure}",
     "value": 1, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
