import io, json, os, socket, tempfile

class Duck:
    def __init__(self):
        self.seen = []
    def write(self, data):
        self.seen.append(data)

def copy(source, destination):
    total = 0
    while part := source.read(4):
        destination.write(part)
        total += len(part)
    return total

ok = True
def show(code, promised):
    global ok
    try:
        result = repr(eval(code))
    except AttributeError as e:
        result = f"AttributeError: {e}"
    ok &= result == promised
    print(f"{code:36} {result}")

string = io.StringIO("a text for them all")
a, b = socket.socketpair()
one_end, other_end = a.makefile("w"), b.makefile("r")
duck = Duck()
with tempfile.TemporaryFile("w+") as file:
    show("copy(string, file)", "19")
    file.seek(0)
    show("copy(file, one_end)", "19")
one_end.close()
a.close()
show("copy(other_end, duck)", "19")
show("duck.seen", "['a te', 'xt f', 'or t', 'hem ', 'all']")
show("copy(duck, string)", "AttributeError: 'Duck' object has no attribute 'read'")
show("copy(io.StringIO('more'), 1000)", "AttributeError: 'int' object has no attribute 'write'")
show("hasattr(duck, 'write')", "True")
other_end.close()
b.close()
del duck

account = {"ok": ok, "checks": [
    {"what": "Duck: " + what, "figure": f"types[type=Duck].{figure}",
     "value": 1, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
