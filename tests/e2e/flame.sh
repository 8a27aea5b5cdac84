#!/bin/sh
# `flame` and `stat --with stacks` name the functions that held the GIL and made others wait, by what they did.
. "$(dirname "$0")/lib.sh"
need_root

# start_flame NAME ARG…: measures until it is ended; its pid is in $FLAME, what it says in NAME.err
start_flame() {
	name=$1
	shift
	env --default-signal=INT,QUIT,PIPE "$GILSCOPE" flame "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null &
	FLAME=$!
	later $FLAME
	flames="$flames $FLAME"
	until_true 20 measures "$FLAME" "$T/$name.err" || fail "flame $*: does not measure; $(tail -n 3 "$T/$name.err")"
}
flames=

# What cannot be is said before anything is measured, in one line.
bad() { # bad CODE SAYS ARG…
	code=$1 says=$2
	shift 2
	run flame "$@"
	[ "$RC" = "$code" ] || fail "flame $*: expected exit code $code, seen $RC; $(cat "$T/err")"
	grep -q -e "$says" "$T/err" || fail "flame $*: expected '$says', seen: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "flame $*: expected one line, seen: $(cat "$T/err")"
}
start_work flames.py 2
echo mine >"$T/there.svg"
bad 2 'is there already; --force' -p "$WORK" -d 1 -o "$T/there.svg"
bad 2 'no format is called like its end' -p "$WORK" -d 1 -o "$T/x.txt"
bad 2 'nowhere to write to' -p "$WORK" -d 1
bad 2 'leave it in' -p "$WORK" -d 1 --by paused --without gc -o "$T/x.svg"
bad 4 . -p 4194303 -d 1 -o "$T/x.svg"
[ "$(cat "$T/there.svg")" = mine ] || fail "flame: wrote over a file without --force"
[ "$(ls "$T"/x* 2>/dev/null)" = "" ] || fail "flame: left a file although it failed: $(ls "$T"/x*)"

# All weights at once, each in its format, and the figures; ended by a signal, as people do.
start_flame held -p "$WORK" --stack-rate 499 -o -
start_flame caused -p "$WORK" --by caused -o "$T/there.svg" --force
start_flame waited -p "$WORK" --by waited -o "$T/waited.html"
start_flame blocked -p "$WORK" --stack-rate 499 --by blocked -o "$T/blocked.folded"
start_stat --mode watch --with stacks --stack-rate 499 --findings -p "$WORK"
go
truth_of
stop_stat
for pid in $flames; do
	kill -INT "$pid"
	ended "$pid" 20
	[ "$RC" = 0 ] || fail "flame: expected exit code 0 after SIGINT, seen $RC; $(cat "$T"/*.err)"
done
until_true 10 text_restored "$WORK" >/dev/null 2>&1 || fail "$(text_restored "$WORK")"
quit
! ls "$T"/*.partial >/dev/null 2>&1 || fail "flame: left $(ls "$T"/*.partial)"
FOLDER=$T check "$S.out" "$W.truth" <<'EOF'
import xml.etree.ElementTree
folder = os.environ["FOLDER"]
told, own = truth["held_ns"], truth["own_ns"]

def lines(text):
    for line in text.splitlines():
        frames, _, weight = line.rpartition(" ")
        yield [f.split(" (")[0] for f in frames.split(";")], int(weight)

def within(stacks, function):
    """What all stacks with the function in them weigh."""
    return sum(weight for frames, weight in stacks if function in frames)

def shares(what, stacks, whole):
    parse, store = within(stacks, "parse"), within(stacks, "store")
    # What they took without hold(), a preemption, is theirs as well.
    least, most = (told[f] / (told[f] + told[g] + own[g]) for f, g in (("parse", "store"), ("store", "parse")))
    between(f"parse's share of both, {what}", least - 0.03, 1 - most + 0.03, parse / (parse + store))
    between(f"both of all, {what}", 0.9, 1.0, (parse + store) / whole)

def same_time(what, function, seen):
    # On the CPU, a twentieth of it, it is told by samples, each for 2 ms; off it, it is measured.
    between(what, told[function] * 0.85, (told[function] + own[function]) * 1.15, seen)

for name in "held.out", "blocked.folded":
    stacks = list(lines(open(f"{folder}/{name}", encoding="utf-8").read()))
    whole = sum(weight for _, weight in stacks)
    shares(name, stacks, whole)
    same_time(f"time of parse in {name}", "parse", within(stacks, "parse"))
    same_time(f"time of store in {name}", "store", within(stacks, "store"))
    # parse calls hold at once: what it is charged with itself is what it knows to have taken
    # without it (a preemption, a fault), and two ticks at most that fell there.
    leaf = {}
    for frames, weight in stacks:
        if "parse" in frames:
            leaf[frames[-1]] = leaf.get(frames[-1], 0) + weight
    itself = leaf.pop("parse", 0)
    equal(f"newest frame below parse in {name}", {"hold"}, set(leaf))
    between(f"what parse took itself in {name}", 0, own["parse"] + 20_000_000, itself)
    equal(f"who calls it in {name}", {"timed"}, {f[f.index("parse") - 1] for f, _ in stacks if "parse" in f})

def tree(data):
    """Each node of the data in a picture, as stacks."""
    path, nodes = [], data["nodes"]
    for depth, label, total in zip(nodes[::3], nodes[1::3], nodes[2::3]):
        path[depth:] = [data["labels"][label][0]]
        yield list(path), total

svg = xml.etree.ElementTree.parse(f"{folder}/there.svg").getroot()
data = json.loads(svg.find('.//{*}script[@id="flame-data"]').text)
nodes = list(tree(data))
last = {}
for frames, total in nodes:
    last[frames[-1]] = last.get(frames[-1], 0) + total
equal("weight of the picture", "caused", data["weight"])
expect(last["parse"] > last["store"] > last.get("poll", 0), "who made others wait", "parse, store, poll", last)
between("of all waiting, caused by serve's calls", 0.9, 1.0, last["serve"] / nodes[0][1])

page = open(f"{folder}/waited.html", encoding="utf-8").read()
data = json.loads(page.split('id="flame-data">')[1].split("</script>")[0])
nodes = list(tree(data))
equal("weight of the page", "waited", data["weight"])
between("of all waiting, in poll", 0.9, 1.0, sum(t for f, t in nodes if f[-1] == "poll") / nodes[0][1])
equal("first function in the page's table", "poll", page.split('<tr data-name="')[1].split('"')[0])

functions = {f["function"]: f for f in only_process(result)["functions"]}
same_time("held in parse, in JSON", "parse", functions["parse"]["held_total_ns"])
same_time("held in store, in JSON", "store", functions["store"]["held_total_ns"])
equal("parse itself, without what it calls", True, functions["parse"]["held_self_ns"] < functions["parse"]["held_total_ns"] / 10)
equal("where hold() begins", 25, functions["hold"]["first_line"])
expect(functions["hold"]["file"].endswith("flames.py"), "its file", "flames.py", functions["hold"]["file"])
total = only_process(result)["gils"][0]["held_ns"]
near("sum of what functions held themselves", total, sum(f["held_self_ns"] for f in only_process(result)["functions"]), share=0.02)
blocked = [x for x in result["findings"] if x["id"] == "holder-blocked"]
equal("function of the finding", ["hold"], [x["function"]["function"] for x in blocked if x["function"]])
EOF
