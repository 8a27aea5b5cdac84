#!/bin/sh
# A sampler from outside (austin) sees the same functions on top as `--with stacks`, where it can see the same.
. "$(dirname "$0")/lib.sh"
need_root
PATH=$O/peers/bin:$PATH
need austin

start_work costs.py 2.5
start_stat -p "$WORK" --with stacks --stack-rate 997
# On the CPU only: what a thread does asleep it cannot tell from a thread that waits.
austin -s -i 1ms -o "$T/samples" -p "$WORK" >"$T/austin" 2>&1 &
austin=$!
later $austin
sleep 0.5 # it does not say when it begins; a part of it is enough
go
truth_of
stop_stat
kill -INT $austin 2>/dev/null
ended $austin 10
quit
[ -s "$T/samples" ] || fail "austin: no samples; $(tail -n 3 "$T/austin")"
SAMPLES=$T/samples check "$S.out" "$W.truth" <<'END'
from answers import by_function
names = "computing_long", "computing_short", "matching", "sorting"
p = only_process(result)
held, away = by_function(p, "held_ns", truth["spent"]), by_function(p, "held_offcpu_ns", truth["spent"])
sampled = dict.fromkeys(truth["spent"], 0)
for line in open(os.environ["SAMPLES"], encoding="utf-8", errors="replace"):
    frames, _, weight = line.strip().rpartition(" ")
    found = [f.split(":")[1] for f in frames.split(";") if f.count(":") >= 2 and f.split(":")[1] in sampled]
    if found and weight.isdigit():
        sampled[found[-1]] += int(weight)
ours = {n: held[n] - away[n] for n in names}
all_ours, all_theirs = sum(ours.values()), sum(sampled[n] for n in names)
expect(all_theirs > 0, "austin's samples", "some", sampled)
for name in names:
    near(f"share of {name}, by austin and by us", ours[name] / all_ours, sampled[name] / max(all_theirs, 1), 0, 0.1)
top = lambda sums: sorted(names, key=lambda n: -sums[n])
print("    on top, by us:", *(f"{n} {ours[n] / all_ours:.0%}" for n in top(ours)), "by austin:",
      *(f"{n} {sampled[n] / max(all_theirs, 1):.0%}" for n in top(sampled)))
# Those that are apart by more than the difference allowed above are in the same order.
for a in names:
    for b in names:
        if ours[a] - ours[b] > 0.2 * all_ours:
            expect(sampled[a] > sampled[b], f"{a} before {b}", "in austin's samples as well", sampled)
# Asleep with the GIL: there for us, and next to nothing for one that sees who is on the CPU.
between("asleep_long held, in all that was held", 0.2, 1, held["asleep_long"] / sum(held.values()))
between("asleep_long in austin's samples", 0, 0.1, sampled["asleep_long"] / sum(sampled.values()))
END
