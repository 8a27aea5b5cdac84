import cProfile, json, os, pstats, time

def work(us):
    until = time.perf_counter_ns() + us * 1000
    while time.perf_counter_ns() < until:
        pass

def leaf():
    work(200)

def branch():
    work(100)
    for _ in range(3):
        leaf()

def tree():
    for _ in range(5):
        branch()
    for _ in range(10):
        leaf()

profile = cProfile.Profile(builtins=False)
profile.runcall(tree)
stats = pstats.Stats(profile).stats  # (file, line, name): (…, calls, own, total, callers)
rows = {key[2]: row for key, row in stats.items()}
print(f"{'calls':>10} {'own us':>12} {'total us':>12}  function")
for name, (_, calls, own, total, _) in sorted(rows.items(), key=lambda r: -r[1][2]):
    print(f"{calls:10} {own * 1e6:12.1f} {total * 1e6:12.1f}  {name}")

whole, own = rows["tree"][3], sum(row[2] for row in rows.values())
account = {"ok": (rows["branch"][1], rows["leaf"][1], rows["work"][1]) == (5, 25, 30)
           and abs(own - whole) < 0.01 * whole, "checks": []}
if fd := os.environ.get("GILSCOPE_ACCOUNT_FD"):
    os.write(int(fd), json.dumps(account).encode())
