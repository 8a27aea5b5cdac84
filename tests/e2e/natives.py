"""What tests/work/natives.py does, held against what gilscope says of it with --native."""
import subprocess

from answers import host_tids
from check import *


def is_stripped(p):
    """Of the interpreter's functions only those that it exports have names."""
    told = subprocess.run(["readelf", "-SW", p["python"]["path"]], capture_output=True, text=True, check=True)
    return " .symtab " not in told.stdout


def names(frames):
    return [f["function"] for f in frames]


def natives(frames):
    return [f for f in frames if f.get("native")]


def pythons(frames):
    """Without the native ones: what there would be without the option."""
    return [f for f in frames if not f.get("native")]


def python_only(result):
    for p in result["processes"]:
        for row in p["stacks"]:
            row["frames"] = row["frames"] and pythons(row["frames"])
        p["functions"] = pythons(p["functions"])
    return result


def well_formed(frames):
    for f in natives(frames):
        expect(f["line"] is None and (f["file"] or f["function"] == "(code in no file)"), "a native frame",
               "no line, and a file", f)
        base = f["file"] and f["file"].rpartition("/")[2]
        expect(not base or f["function"].endswith(f" [{base}]") or f["function"].startswith(f"{base}+0x"),
               "name of a native frame", f"NAME [{base}] or {base}+0xADDRESS", f["function"])
        expect("_PyEval_EvalFrameDefault" not in f["function"] and "_TAIL_CALL_" not in f["function"],
               "a native frame", "not the evaluation, which is the Python functions", f["function"])


def between_frames(frames, newer, older):
    """The names of what is between two Python functions, newest first; None without the two."""
    at = [i for i, f in enumerate(frames) if f["function"] in (newer, older) and not f.get("native")]
    if len(at) != 2 or frames[at[0]]["function"] != newer:
        return None
    return names(frames[at[0] + 1:at[1]])


def has_in_order(what, wanted, seen):
    at = iter(seen)
    expect(all(any(w in s for s in at) for w in wanted), what, f"in this order {wanted}", seen)


def held_in_c(p, truth, stripped):
    """Holds of known lengths are charged to usleep(), below the functions that they were below."""
    server = host_tids(p)[truth["tids"]["server"]]
    rows = [s for s in p["stacks"] if s["tid"] == server]
    sums, seen = {"ranked": 0, "plain": 0}, 0
    for row in rows:
        frames = row["frames"] or []
        well_formed(frames)
        newest = names(frames[:next((i for i, f in enumerate(frames) if not f.get("native")), 0)])
        if not any(n.startswith("usleep [libc") for n in newest):
            continue
        under = next((f for f in names(frames) if f in sums), None)
        if not expect(under, "a stack with usleep()", f"below one of {sorted(sums)}", names(frames)):
            continue
        sums[under] += row["held_ns"]
        seen += 1
        has_in_order("what hold() called, newest first", ["usleep [libc", "libffi.", "_ctypes."], newest)
        python = [n for n in names(pythons(frames)) if n in ("hold", "ranked", "plain", "serve")]
        equal("Python functions", ["hold", under, "serve"], python)
        if under == "ranked":
            among = between_frames(frames, "hold", "ranked")
            expect(among, "native frames between hold() and ranked()", "some", among)
            has_in_order("what ranked() called", [] if stripped else ["list_sort_impl [", "list_sort ["], among)
    expect(seen, "stacks with usleep()", "some", [names(r["frames"] or []) for r in rows])
    # What no stack is known of is told; and so is, on a busy machine, what hold() was preempted for or waited for
    # the GIL on the way to usleep() or from it, which for its clock is a part of it.  That can only be missing.
    unknown = sum(s["held_ns"] for s in rows if not s["frames"])
    unknown += sum(s["held_preempted_ns"] + s["wait_ns"] for s in rows if "hold" in names(s["frames"] or [])
                   and not any(n.startswith("usleep [libc") for n in names(s["frames"])))
    for name, ns in truth["held_ns"].items():
        between(f"time held in usleep() below {name}()", ns * 0.98 - unknown - 2_000_000, ns * 1.02 + 2_000_000,
                sums[name])
    all_in_c(p, ["crunch"])
    total = sum(f["held_total_ns"] for f in p["functions"] if (f["function"] or "").startswith("usleep [libc"))
    equal("the function's total", sum(sums.values()), total)
    below = sum(f["held_total_ns"] for f in p["functions"] if f["function"] == "hold" and not f.get("native"))
    between("time held below hold() that has native frames", below * 0.95 - unknown, below, total)
    expect([f for f in p["functions"] if f.get("native") and f["file"] and f["first_line"] is None],
           "native functions", "some, with a file and no line", names(p["functions"])[:9])


def parked_in_c(dumps, truth, stripped):
    """Asleep at a known place: the same Python frames as without the option, and as the program knows."""
    def thread_of(d):
        return next(t for i in d["processes"][0]["interpreters"] for t in i["threads"] if t["name"] == "parked")
    dump, plain = dumps
    with_c, without = thread_of(dump), thread_of(plain)
    expect("native" not in without and not natives(without["frames"]), "a dump without --native",
           "no native frames", without)
    # Of a sleeping thread two registers are known; from 3.15 on CPython has frame pointers, so needs another.
    newer = tuple(map(int, dump["processes"][0]["python"]["version"].split(".")[:2])) >= (3, 15)
    equal("native frames of the thread", "cut" if newer else "merged", with_c["native"])
    own = [[f["function"].rpartition(".")[2], f["file"], f["line"]] for f in pythons(with_c["frames"])]
    equal("Python frames", [[f["function"].rpartition(".")[2], f["file"], f["line"]] for f in without["frames"]], own)
    equal("those that the program knows", truth["parked"], own)
    frames = with_c["frames"]
    well_formed(frames)
    newest = names(frames[:next(i for i, f in enumerate(frames) if not f.get("native"))])
    has_in_order("what each() called, newest first", ["read [lib"] + ([] if stripped or newer else ["os_read ["]), newest)
    among = between_frames(frames, "each", "park")
    expect(among or newer, "native frames between each() and park()", "some", among)
    if not stripped and not newer:
        has_in_order("what park() called", ["functools_reduce ["], among)
    counts = dump["processes"][0]["totals"]["native"]
    equal("threads, by their native frames", dump["processes"][0]["totals"]["threads"], sum(counts.values()))
    equal("unread and unmerged", (0, 0), (counts["unread"], counts["unmerged"]))


def few_lost(result, but=()):
    """No loss, but of stacks taken where a function begins or ends, now and then."""
    nothing_lost(result, but=("arrival_missed", "kernel_skipped", "stacks_torn", "native_cut", "native_unmerged", *but))
    odd = sum(lost(result, c) for c in ("native_cut", "native_unmerged"))
    rows = len(only_process(result)["stacks"])
    expect(odd <= 2 + rows / 20, "native stacks that are not whole", f"few of {rows}", odd)


def all_in_c(p, functions):
    """What these functions did on the CPU was in C that they called."""
    for name in functions:
        rows = [s for s in p["stacks"] if name in names(pythons(s["frames"] or []))]
        held = sum(s["held_ns"] for s in rows)
        in_c = sum(s["held_ns"] for s in rows if s["frames"][0].get("native"))
        expect(held, f"time {name}() held", "some", held)
        between(f"share of it in C", 0.9, 1, in_c / held)


def no_natives(result):
    for p in result["processes"]:
        expect(not natives(p["functions"]) and not any(natives(s["frames"] or []) for s in p["stacks"]),
               "measured without --native", "no native function", "one")
    expect(not any(c.startswith("native") for c, n in lost(result).items() if n), "losses", "none of native stacks",
           lost(result))


def same_pythons(p, plain):
    """Both measurements saw the same holds: what the Python functions held is the same in both."""
    sums = [{f["function"]: f["held_total_ns"] for f in of["functions"] if not f.get("native") and f["function"]}
            for of in (p, plain)]
    for name in "hold", "ranked", "plain":
        near(f"held in {name}()", sums[1].get(name), sums[0].get(name, 0), 0.05, 5_000_000)
