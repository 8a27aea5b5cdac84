#!/bin/sh
# Calls, events and time-outs of epoll, poll and select equal the program's own counts.
. "$(dirname "$0")/lib.sh"
need_root

asyncio() {
	measure_work aio.py 8 100
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		seen = io(p, "epoll_wait", "epoll_pwait")
		for key in ("calls", "events", "timeouts"):
		    equal(f"{key} of asyncio's selector", truth[key], seen[key])
		equal("errors", 0, seen["errors"])
		# The thread rings 15 times while the loop has nothing to do.
		between("wakeups", 10, truth["calls"] - truth["nonblocking"] - truth["timeouts"], seen["wakeups"])
		for row in p["io"]:
		    for key in ("wake_to_run", "wake_to_gil"):
		        expect(row[key]["count"] <= row["wakeups"], f"{key} of {row['call']}",
		               f"at most {row['wakeups']} wake-ups", row[key]["count"])
	EOF
}

each_call() {
	measure_work selects.py
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		p = only_process(result)
		# libc may make one call of another: select is pselect6.
		for name, *also in (("poll",), ("ppoll",), ("select", "pselect6"), ("epoll_wait",),
		            ("epoll_pwait",)):
		    own, seen = truth["calls"][name], io(p, name, *also)
		    for key in ("calls", "events", "timeouts", "errors"):
		        equal(f"{key} of {name}", own[key], seen[key])
		    # Woken waits have slept; the ready calls never do.
		    equal(f"wakeups of {name}", own["woken"], seen["wakeups"])
		    least = own["timeouts"] * truth["timeout_ms"] * 1e6
		    expect(seen["blocked_ns"] >= least, f"blocked time of {name}",
		           f"at least the time-outs, {least:.0f}", seen["blocked_ns"])
	EOF
}
on_each_python asyncio
on_each_python each_call
