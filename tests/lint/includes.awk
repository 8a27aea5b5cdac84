# Who may include whom: may[folder] lists what its files may name besides their own folder.
# Run over every .c and .h.  A folder without a line here is an error: decide, then write it down.
BEGIN {
	may["bpf"] = "vmlinux.h"
	may["runtime"] = ""
	may["user/base"] = "bpf/types.h"
	may["user/sym"] = "bpf/types.h user/base/"
	may["user/target"] = "bpf/types.h bpf/families.h bpf/losses.h bpf/site.h bpf/state.h bpf/hist.h bpf/config.h bpf/frames.h user/base/ user/sym/"
	may["user/load"] = "bpf/ gilscope.skel.h user/base/ user/target/"
	may["user/ingest"] = "bpf/ user/base/ user/target/ user/load/ user/model/ user/family/"
	may["user/model"] = "bpf/types.h bpf/hist.h bpf/state.h user/base/"
	may["user/trace"] = "bpf/types.h bpf/hist.h bpf/state.h bpf/families.h bpf/losses.h user/base/ user/model/"
	may["user/record"] = "bpf/ user/base/ user/model/ user/target/ user/load/ user/trace/"
	may["user/family"] = "bpf/ user/base/ user/model/ user/load/"
	may["user/export"] = "bpf/types.h bpf/families.h bpf/state.h user/base/ user/model/"
	may["user/agent"] = "bpf/types.h bpf/families.h user/base/ user/model/ user/export/ user/target/container.h"
	may["user/view"] = "bpf/types.h user/base/ user/model/"
	may["user"] = "bpf/ user/"
	may["tour"] = "runtime/"
	may["tests"] = "*"
}
function complain(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}
FNR == 1 {
	dir = FILENAME
	if (!sub(/\/[^\/]*$/, "", dir))
		dir = "."
	sub(/^tests\/.*/, "tests", dir)
	if (!(dir in may))
		complain(dir "/: not a folder tests/lint/includes.awk knows")
}
# The screen library is the views' alone.
/^#[ \t]*include[ \t]*<(n?curses|term|ncursesw\/[a-z]*|panel)\.h>/ && dir != "user/view" && dir != "tests" {
	complain(dir " may not include curses; only user/view may")
}
# The skeleton is user/load/skel's alone: every includer makes its functions anew.
/^#[ \t]*include[ \t]*"gilscope\.skel\.h"/ && FILENAME !~ /^user\/load\/skel\.[ch]$/ && dir != "tests" {
	complain("only user/load/skel.c may include gilscope.skel.h")
}
/^#[ \t]*include[ \t]*"/ {
	split($0, q, "\"")
	if (index(q[2], dir "/") == 1 && substr(q[2], length(dir) + 2) !~ /\//)
		next
	if (may[dir] == "*")
		next
	n = split(may[dir], ok, " ")
	for (i = 1; i <= n; i++) {
		whole = ok[i] !~ /\/$/
		if (whole ? q[2] == ok[i] : index(q[2], ok[i]) == 1)
			next
	}
	complain(dir " may not include " q[2])
}
END { exit bad }
