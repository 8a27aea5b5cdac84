import gc, json, os, sys

def generation(o):
    for i in range(3):
        if any(o is other for other in gc.get_objects(generation=i)):
            return i

class Ring:
    __slots__ = "me",

def make_garbage(n):
    for _ in range(n):
        ring = Ring()
        ring.me = ring

def count(phase, info):
    if phase == "start":
        collections[info["generation"]] += 1

gc.disable()
gc.collect()
a = []
seen = [generation(a)]
for i in (0, 0, 1):
    gc.collect(i)
    seen.append(generation(a))
print("a = []: its generation, also after gc.collect(0), (0) and (1):", *seen)
ok = seen == [0, 1, 1, 2]
print("gc.get_threshold()", gc.get_threshold())
gc.collect()
collections = [0, 0, 0]
gc.callbacks.append(count)
gc.enable()
make_garbage(701 * 144)
gc.disable()
gc.callbacks.remove(count)
print("collections for 100944 rings:", collections)
if sys.version_info < (3, 12):  # later ones start collections in another way
    ok &= gc.get_threshold() == (700, 10, 10) and collections == [132, 12, 0]

account = {"ok": ok, "checks": [
    {"what": f"{i}: {what}", "figure": f"gc[generation={i}].{what}", "value": value,
     "slack": 0, "percent": 0}
    for i, stats in enumerate(gc.get_stats()) for what, value in stats.items()]}
account["checks"].append({"what": "Ring: made", "figure": "types[type=Ring].allocs",
                          "value": 701 * 144, "slack": 0, "percent": 0})
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
sys.stdout.flush()
os._exit(0)  # without the collections at the end, which would be seen too
