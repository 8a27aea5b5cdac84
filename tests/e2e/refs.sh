#!/bin/sh
# Objects of classes are counted exactly as they are dropped; built-in types at least.
. "$(dirname "$0")/lib.sh"
need_root

deallocs() {
	measure_work refs.py 5000 "$@" -- --with refs --budget none --children
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		nothing_lost(result)
		p, = (p for p in result["processes"] if p["pid"] == truth["pid"])
		seen = {}
		for row in p["types"]:
		    seen[row["type"]] = seen.get(row["type"], 0) + row["deallocs"]
		for name, n in truth["exact"].items():
		    equal(f"deallocs of {name}", n, seen.get(name))
		for name, n in truth["least"].items():
		    between(f"deallocs of {name}", n, n * 1.02 + 500, seen.get(name))
		expect(p["types_coverage"], "types_coverage", "a sentence", p["types_coverage"])
	EOF
}
on_each_python deallocs
PYTHON=/usr/bin/python3 deallocs fork

# Not asked for: not measured, and so null.
measure_work refs.py 100
check "$S.out" <<'EOF'
equal("types without --with refs", None, only_process(result)["types"])
EOF
