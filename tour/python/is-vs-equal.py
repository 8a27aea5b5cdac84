import json, os

class Yes:
    calls = 0
    def __eq__(self, other):
        Yes.calls += 1
        return True

ok = True
def ask(a, b, same, equal):
    global ok
    is_same, is_equal = a is b, a == b
    ok &= (is_same, is_equal) == (same, equal)
    text = f"{a!r}, {b!r}".replace(hex(id(b)), "...")
    print(f"{text:40} is: {is_same!s:6} ==: {is_equal}")

# int("257") makes its number when it runs; two 257 in the text would be one constant.
ask(int("256"), int("256"), True, True)
ask(int("257"), int("257"), False, True)
ask(int("-5"), int("-5"), True, True)
ask(int("-6"), int("-6"), False, True)
ask(1, 1.0, False, True)
ask(1, True, False, True)
ask(1, "1", False, False)
ask([1], [1], False, True)
a = b = [1]
ask(a, b, True, True)
ask(None, None, True, True)
ask(None, Yes(), False, True)
nan = float("nan")
ask(nan, nan, True, False)
print("nan in [nan]:", nan in [nan])
ok &= nan in [nan] and Yes.calls == 1

account = {"ok": ok, "checks": [
    {"what": "Yes: " + what, "figure": f"types[type=Yes].{figure}",
     "value": 1, "slack": 0, "percent": 0}
    for what, figure in (("made", "allocs"), ("objects that died", "deallocs"))]}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
