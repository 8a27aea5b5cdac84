#!/bin/sh
# The SQL of deploy/ over exports of several recordings, in DuckDB (csv, jsonl, Parquet) and SQLite: the answers are the recordings' own.
. "$(dirname "$0")/lib.sh"
need_root
need node npm sqlite3
reason=$(sh "$ROOT/tests/browser/install.sh" "$O/duckdb" "$ROOT/tests/sql") || {
	[ $? = 77 ] && skip "$reason"
	fail "tests/browser/install.sh: $reason"
}
export MODULES="$O/duckdb" SQL="$ROOT/deploy/sql"
mkdir "$T/exports"

# recorded NAME WORK [ARG…]: a recording, its report in NAME.report, what the program says of itself in NAME.truth
recorded() {
	name=$1
	shift
	start_work "$@"
	start_record -p "$WORK"
	go
	truth_of
	stop_record
	quit
	report
	mv "$R" "$T/$name.rec"
	mv "$R.json" "$T/$name.report"
	mv "$W.truth" "$T/$name.truth"
}

# exported NAME HOST SERVICE RELEASE: in both formats
exported() {
	for to in csv jsonl; do
		"$GILSCOPE" export "$T/$1.rec" --to $to --column host="$2" --column service="$3" --column release="$4" \
			--column recording="$1" -o "$T/exports/$1.$to" 2>"$T/err" || fail "export --to $to: $(cat "$T/err")"
	done
}

recorded one mix.py 0.6
recorded two mix.py 0.4
recorded three gcwork.py
exported one 'web "1", of é' web 1.0
exported two web-2 web 1.1
exported three web-2 batch 7

# What is older than a week: two of them, as if eight days before.
for copy in one,four three,five; do
	cp -r "$T/${copy%,*}.rec" "$T/${copy#*,}.rec"
	cp "$T/${copy%,*}.report" "$T/${copy#*,}.report"
done
exported four 'web "1", of é' web 0.9
exported five old-1 batch 6
cat >"$T/older.py" <<'EOF'
import csv, json, sys
stem, back = sys.argv[1], 8 * 86400 * 10**9
with open(stem + ".csv", newline="") as f:
    header, *rows = csv.reader(f)
at = [header.index(c) for c in ("begin_unix_ns", "ts_unix_ns")]
with open(stem + ".csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(header)
    for row in rows:
        for i in at:
            row[i] = str(int(row[i]) - back)
        w.writerow(row)
with open(stem + ".jsonl") as f:
    rows = [json.loads(line) for line in f]
with open(stem + ".jsonl", "w") as f:
    for row in rows:
        for k in ("begin_unix_ns", "ts_unix_ns"):
            row[k] -= back
        f.write(json.dumps(row) + "\n")
EOF
for older in four five; do
	"$PY" "$T/older.py" "$T/exports/$older" || exit 1
done

# What is no column of one's own is refused.
refused() {
	text=$1
	shift
	run export "$T/one.rec" "$@" -o "$T/none"
	[ "$RC" = 2 ] || fail "export $*: expected exit code 2, seen $RC; $(cat "$T/err")"
	grep -qF -- "$text" "$T/err" || fail "export $*: expected '$text', seen $(cat "$T/err")"
	[ ! -e "$T/none" ] || fail "export $*: wrote a file"
}
refused "rows have a column Thread of their own" --to csv --column Thread=x
refused "rows have a column holder of their own" --to jsonl --column holder=x
refused "--to html has no columns" --to html --column host=x
refused "not NAME=VALUE" --to csv --column host
refused "not NAME=VALUE" --to csv --column 2nd=x
refused "not NAME=VALUE" --to csv --column 'a b=x'
refused "given twice" --to csv --column host=x --column HOST=y

# Every question, of every source.
cd "$T" || fail "$T: cannot go there"
duckdb() { # duckdb SOURCE FILE… -- [QUESTION…]
	timeout -k 5 120 node "$ROOT/tests/sql/duckdb.mjs" "$@" 2>"$T/err" || fail "DuckDB, $*: $(tail -n 3 "$T/err")"
}
"$PY" - "$SQL/sqlite.sql" >import.sql <<'EOF'
import glob, sys
for n, path in enumerate(sorted(glob.glob("exports/*.csv"))):
    print(f'.import --csv{" --skip 1" if n else ""} {path} exported')
print(open(sys.argv[1]).read())
EOF
sqlite3 fleet.db <import.sql 2>"$T/err" || fail "SQLite: $(cat "$T/err")"
[ ! -s "$T/err" ] || fail "SQLite: $(head -n 3 "$T/err")"
set -- "$SQL/services.sql" "$SQL/collections.sql" "$SQL/blockers.sql" "$SQL/releases.sql"
duckdb csv "$SQL/duckdb-csv.sql" "$SQL/duckdb.sql" "$SQL/duckdb-to-parquet.sql" -- "$@"
for from in jsonl parquet; do
	duckdb "$from" "$SQL/duckdb-$from.sql" "$SQL/duckdb.sql" -- "$@"
done
for file; do
	question=$(basename "$file" .sql)
	sqlite3 -json fleet.db <"$file" >"$question.sqlite" 2>"$T/err" || fail "SQLite, $question: $(cat "$T/err")"
done
"$PY" "$E2E/deploy_sql.py" || exit 1
