/* Counter rows of a process: averages over stretches of time, told where they change. */
#include "user/export/trace_chrome.h"

/* @s as counter @name: in a stretch, its sum times @factor per ns, in thousandths. */
static void counter(struct chrome *c, u32 pid, struct trace_series *s, const char *name,
		    const char *unit, u64 factor)
{
	u64 last = 0;

	trace_series_settle(s);
	for (u32 i = 0; s->width_ns && i <= s->used; i++) {
		u64 sum = i < s->used ? s->at[i].sum : 0;
		u64 v = (u64)((unsigned __int128)sum * factor * 1000 / s->width_ns);

		if (v == last && i)
			continue;
		last = v;
		chrome_counter(c, pid, s->from_ns + i * s->width_ns, name);
		chrome_arg_milli(c, unit, v);
		chrome_entry_end(c);
	}
}

void chrome_counters(struct chrome *c, struct chrome_process *p)
{
	counter(c, p->pid, &p->held, "GIL held", "%", 100);
	counter(c, p->pid, &p->waiting, "threads waiting for the GIL", "threads", 1);
	counter(c, p->pid, &p->deallocs, "deallocations", "per s", 1000000000);
	counter(c, p->pid, &p->allocs, "creations", "per s", 1000000000);
}
