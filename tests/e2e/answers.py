"""Known answers that more than one script holds a result against: what a workload counted, what we saw.

Each takes a process of a result and the truth of its workload; failures are check.py's.
"""
import hashlib

from check import *


def host_tids(p):
    """From a thread's id as its process sees it to the host's."""
    return {t["ns_tid"]: t["tid"] for t in p["threads"]}


def collections_equal(p, truth):
    """Collections by generation (tests/work/gcwork.py)."""
    for n, (stats, own) in enumerate(zip(truth["stats"], truth["pauses"])):
        row = generation(p, n)
        for key in ("collections", "collected", "uncollectable"):
            equal(f"{key} of generation {n}", stats[key], row[key])
        equal(f"pauses of generation {n}", own["count"], row["pause"]["count"])
        between(f"sum of the pauses of generation {n}", 0,
                own["sum_ns"] * 1.05 + 20_000 * own["count"], row["pause"]["sum_ns"])


def epolls_equal(p, counts):
    """Calls of epoll, counted by who made them (tests/work/aio.py)."""
    seen = io(p, "epoll_wait", "epoll_pwait")
    for key in ("calls", "events", "timeouts"):
        equal(f"{key} of the program's epolls", counts[key], seen[key])


def loops_equal(p, loops):
    """Event loops, by thread (tests/work/tasks.py).  Where a loop's truth has no steps, only its iterations."""
    host, rows = host_tids(p), {r["tid"]: r for r in p["asyncio"]}
    equal("event loops", sorted(host.get(t["tid"], -t["tid"]) for t in loops), sorted(rows))
    for t in loops:
        r = rows.get(host.get(t["tid"]))
        if not r:
            continue
        for key in ("iterations", "steps", "blocked"):
            if key in t:
                equal(f"{key} of loop {t['tid']}", t[key], r[key])
        equal("iterations in the histogram", r["iterations"], r["iteration"]["count"])
        equal("steps in the histogram", r["steps"], r["step"]["count"])
        expect(r["step"]["sum_ns"] <= r["iteration"]["sum_ns"] * 1.01, "time in steps",
               f"at most that in iterations, {r['iteration']['sum_ns']}", r["step"]["sum_ns"])
        if "blocked_ns" not in t:
            continue
        # An iteration begins when the call returns: the program, which starts its clock once it
        # has the GIL, does not see the switch interval that another loop can keep it waiting.
        others = t.get("others", len(loops) - 1) * t["blocked"] * 5_500_000
        between("blocked time", t["blocked_ns"] * 0.98, t["blocked_ns"] * 1.02 + others, r["blocked_ns"])
        # One of the two blocking calls is a task's step, the other one a plain callback.
        equal("blocked steps", 1, r["blocked_steps"])
        between("longest step", t["block_ms"] * 1e6, t["block_ms"] * 1.3e6, r["step"]["max_ns"])


def takes_equal(p, tids, takes):
    """Every call is a take (tests/work/pingpong.py), and so is what follows a forced release."""
    host = host_tids(p)
    for name, tid in tids.items():
        t = thread(p, host.get(tid))
        equal(f"takes of {name}, but for those after forced releases", takes, t["takes"] - t["forced_releases"])
        equal("its name in Python", name, t["name"])


def holds_near(p, truth):
    """Holds of a known length and who waited for them (tests/work/holds.py)."""
    own, tids, host = truth["holds_ns"], truth["tids"], host_tids(p)
    by_name = {name: thread(p, host.get(tid)) for name, tid in tids.items()}
    holder = by_name["holder"]
    equal("takes of the holder", len(own) + truth["lead_in"] + 2, holder["takes"])
    # Its own clock misses what comes before and after, which a busy machine can stretch.
    between("held by the holder", sum(own), sum(own) * 1.02 + 10_000_000, holder["held_ns"])
    between("longest hold", max(own), max(own) * 1.02 + 10_000_000, holder["hold"]["max_ns"])
    for name, w in truth["waiters"].items():
        t = by_name[name]
        equal(f"takes of {name}", w["rounds"] + 2, t["takes"])
        # It sleeps a millisecond between two waits; its own measure has the wake-up from sleep in it too.
        between(f"waits of {name}", sum(own) - len(own) * 4_000_000, w["late_ns"] * 1.01 + 1_000_000, t["wait_ns"])
    equal("takes of the releaser", truth["releases"] + 2, by_name["releaser"]["takes"])


def handovers_near(p, truth):
    """Between threads that compute, every hand-over is forced (tests/work/cpu.py)."""
    g, switches = gil(p), truth["switches"]
    between("the program's own count of switches", 20, 2000, switches)
    near("handovers", switches, g["handovers"], 0.03, 8)
    near("forced releases", switches, g["forced_releases"], 0.03, 8)
    between("held share of the time it ran", 0.85, 1.01, g["held_ns"] / truth["wall_ns"])


def watch_agrees(exact, watch):
    """Of the same process at the same time; @watch has two threads that compute."""
    x, w = gil(exact), gil(watch)
    near("contended takes in watch mode", x["contended_takes"], w["contended_takes"], 0.03, 5)
    near("waits in watch mode", x["wait_ns"], w["wait_ns"], 0.03, 10_000_000)
    # Whose fault the waits were: that of the other thread, but for the first.
    blame = watch["blame"]
    waiters = {b["waiter_tid"] for b in blame}
    told = sum(b["wait_ns"] for b in blame if b["holder_tid"] in waiters - {b["waiter_tid"]})
    between("waits in watch mode with their holder", 0.8, 1, told / sum(b["wait_ns"] for b in blame))


def by_function(p, key, names):
    """A figure of the stacks, by the newest of the functions @names in each."""
    sums = dict.fromkeys(names, 0)
    for row in p["stacks"]:
        found = [f["function"] for f in row["frames"] or [] if f["function"] in sums]
        if found:
            sums[found[0]] += row[key]
    return sums


def frames_equal(p, truth):
    """Every stack of the program's functions is the one that it saw itself, but for its newest line."""
    seen = set()
    for row in p["stacks"]:
        frames = [[f["function"], f["file"], f["line"], f["first_line"]] for f in row["frames"] or []]
        expect(all(f[0] and f[1] and f[3] for f in frames), "frames with names", "all", frames)
        at = next((i for i, f in enumerate(frames) if f[0] in truth["stacks"]), None)
        if at is None or row["torn"]:
            continue
        own = truth["stacks"][frames[at][0]]
        seen.add(frames[at][0])
        # The functions note where they are two lines or one before what they do; a function begins
        # where it is defined, and may be made to wait there.
        between(f"line of {own[0][0]}", own[0][3], own[0][2] + 2, frames[at][2])
        frames[at][2] = own[0][2]
        equal(f"stack of {own[0][0]}", own, frames[at:])
    equal("functions seen", sorted(truth["stacks"]), sorted(seen))


def sums_of_stacks(p):
    """A thread's stacks add up to what is known of the thread, all to what is known of the process."""
    for t in p["threads"]:
        rows = [s for s in p["stacks"] if s["tid"] == t["tid"]]
        for key in "held_ns", "held_offcpu_ns", "wait_ns":
            near(f"{key} of the stacks of {t['name']}", t[key], sum(s[key] for s in rows), 0.001, 1_000_000)
    near("time others waited, of all stacks", sum(t["wait_ns"] for t in p["threads"]),
         sum(s["caused_wait_ns"] for s in p["stacks"]), 0.01, 1_000_000)
    near("time paused, of all stacks", sum(g["pause"]["sum_ns"] for g in p["gc"]),
         sum(s["paused_ns"] for s in p["stacks"]), 0.001)


def stacks_agree(result, truth):
    """Stacks of tests/work/costs.py."""
    p, spent = only_process(result), truth["spent"]
    host = host_tids(p)
    own = {n: [s for s in p["stacks"] if s["tid"] == host.get(t)] for n, t in truth["tids"].items()}
    frames_equal(p, truth)
    sums_of_stacks(p)
    # Asleep with the GIL: at least as long as it asked for, and nowhere else.
    off = by_function(p, "held_offcpu_ns", spent)
    for name, us in ("asleep_long", 9000), ("asleep_short", 3000):
        between(f"time {name} held off the CPU", spent[name][0] * us * 980, spent[name][1] * 1.02, off[name])
    blocked = sum(s["held_offcpu_ns"] - s["held_preempted_ns"] for s in own["holder"])
    preempted = by_function(p, "held_preempted_ns", spent)
    near("time the holder held asleep", blocked, sum(
        off[n] - preempted[n] for n in ("asleep_long", "asleep_short")), 0.02)
    # Computing: by samples, so within four standard errors and 2 %.
    names = "computing_long", "computing_short", "matching", "sorting"
    held, away = by_function(p, "held_ns", names), by_function(p, "held_offcpu_ns", names)
    on_cpu = {n: held[n] - away[n] for n in names}
    n = sum(by_function(p, "samples", names).values())
    expect(n > 50, "samples of the functions that compute", "more than 50", n)
    for name in names:
        share = spent[name][1] / sum(spent[n][1] for n in names)
        near(f"share of {name} in {n} samples", share, on_cpu[name] / sum(on_cpu.values()), 0,
             0.02 + 4 * (share * (1 - share) / max(n, 1)) ** 0.5)
    # Waiting: what its sleeps took longer than asked for, in proportion.
    waited = by_function(p, "wait_ns", spent)
    longer = {n: spent[n][1] - spent[n][0] * times * 1_000_000
              for n, times in (("waiting_long", 3), ("waiting_short", 1))}
    seen = waited["waiting_long"] + waited["waiting_short"]
    near("time waited in the two functions that wait", sum(s["wait_ns"] for s in own["waiter"]), seen, 0.02,
         50_000_000)  # and once or twice before they begin
    for name in longer:
        near(f"share of {name} in it", longer[name] / sum(longer.values()), waited[name] / seen, 0, 0.03)
    near("collections, in the function that collects", sum(s["paused_ns"] for s in p["stacks"]),
         by_function(p, "paused_ns", spent)["collecting"], 0.01)
    caused = by_function(p, "caused_wait_ns", spent)
    expect(caused["asleep_long"] > caused["asleep_short"] > 0, "who keeps the others waiting",
           "asleep_long more than asleep_short", caused)


def known_hash(frames, truncated):
    """As tests/work/paths.py makes it of a stack."""
    told = ["%s|%s|%d" % (f["function"], f["file"], f["first_line"]) for f in frames]
    told[1:] = [name + "|%s" % f["line"] for name, f in zip(told[1:], frames[1:])]
    told.append("cut" if truncated else "whole")
    return hashlib.sha1("\n".join(told).encode("utf-8", "replace")).hexdigest()[:16]


def fresh_is_right(frames):
    """Code that lives for one call: it is itself, or unknown, and never what came after it."""
    for callee, caller in zip(frames, frames[1:]):
        if not (callee["function"] or "").startswith("fresh_"):
            continue
        n = callee["function"][len("fresh_"):]
        if callee["file"] != f"<fresh {n}>" or caller["function"] != f"calls_{int(n) % 7}":
            return False
    return True


def stacks_known(result, truth, what, least):
    """Every stack of tests/work/paths.py is one of those that it knows."""
    p, known = only_process(result), set(truth["known"])
    tids = [host_tids(p).get(tid) for tid in truth["tids"]]
    seen = wrong = torn = unreadable = cut = fresh = 0
    for row in p["stacks"]:
        frames = row["frames"]
        if row["tid"] not in tids or not frames:
            continue
        seen += 1
        cut += row["truncated"]
        torn += row["torn"]
        is_fresh = row["tid"] == tids[-1]
        unreadable += not is_fresh and any(f["function"] is None for f in frames)
        if row["torn"] or any(f["function"] is None for f in frames) and not is_fresh:
            continue
        if is_fresh:
            fresh += any((f["function"] or "").startswith("fresh_") for f in frames)
            wrong += not expect(fresh_is_right(frames), "code that lived for one call", "itself or null", frames[:4])
            continue
        name = "%(function)s|%(file)s|%(first_line)d" % frames[0]
        ok = frames[0]["line"] in [None, *truth["lines"].get(name, [])]
        # Where a generator is made it has a frame for a moment, of which no profiler is told.
        made = name in truth["generators"] and known_hash(frames[1:], row["truncated"]) in known
        if not (ok and (made or known_hash(frames, row["truncated"]) in known)):
            wrong += 1
            if wrong <= 5:
                expect(False, f"stack {row['id']} of thread {row['tid']}", "known to the program", [
                    (f["function"], f["line"]) for f in frames[:12]])
    equal("wrong stacks", 0, wrong)
    walks, lost_torn = result["overhead"]["stack_walks"], lost(result, "stacks_torn")
    between("walks", least, 1e9, walks)
    between("torn walks", 0, max(1, walks * 0.001), lost_torn)
    between("stacks with a frame that cannot be read", 0, max(1, seen * 0.001), unreadable)
    equal("stacks there was no room for", 0, lost(result, "stacks_full"))
    between("stacks cut at 127 frames", 1, seen, cut)
    between("stacks of code that lived for one call", 1, seen, fresh)
    print(f"{what:8} {walks} walks, {seen} different stacks, none wrong, {lost_torn} torn, {unreadable} unreadable")
