#!/bin/sh
# Sizes: functions up to 60 lines, .c files up to 400, headers up to 250.  Arguments: C files.
set -eu
awk -v function_max=60 -v source_max=400 -v header_max=250 '
function complain(line, what) { printf "%s:%d: %s\n", file, line, what; bad = 1 }
function file_end(	max) {
	max = file ~ /\.h$/ ? header_max : source_max
	if (lines > max)
		complain(lines, lines " lines; at most " max ": split it by concept")
}
FNR == 1 { if (NR > 1) file_end(); file = FILENAME; start = 0 }
{ lines = FNR }
# A function body opens with a brace of its own in the first column, by our style.
/^{/ { start = FNR }
/^}/ && start {
	if (FNR - start - 1 > function_max)
		complain(start, "function body of " FNR - start - 1 " lines; at most " function_max)
	start = 0
}
END { if (NR) file_end(); exit bad }' "$@"
