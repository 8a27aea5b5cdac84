/*
 * ft: where a free-threaded build stops the world, and where its threads sleep for a mutex.
 *
 * stop_the_world() and start_the_world() (Python/pystate.c, 3.13 to 3.15) are static; both are told
 * by what they write into struct _stoptheworld_state, their argument: `requested` at 1 and
 * `requester` at 16.  Whoever sleeps calls _PyParkingLot_Park(), which is exported: for a mutex in
 * _PyMutex_LockTimed(), which PyMutex_Lock() leads to; for the world in tstate_wait_attach(), with
 * the four bytes of a thread's state and no argument.  Found by symbols, else by those facts.
 */
#include <errno.h>

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define REQUESTED 1
#define REQUESTER 16
#define EVENT_WAIT_NS 1000000 /* stop_the_world() looks again that often */
#define PASSED_ON 2 /* wrappers around what is looked for, at most */

struct ft_search {
	struct site_search *search;
	struct err *e;
	u64 stop, start, lock; /* stop_the_world(), start_the_world(), _PyMutex_LockTimed() */
	const char *stop_by, *start_by, *lock_by;
	size_t nmutex, nworld, nreleases; /* sites */
};

static int missing(struct ft_search *t, const char *what)
{
	return errf(t->e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: %s, so stops of the world and waits for mutexes cannot be told; leave "
		    "them out with --without ft",
		    t->search->binary->path, what);
}

static struct flow *flow_at(struct ft_search *t, u64 vaddr)
{
	const struct code_range *r = code_range_at(t->search->code, vaddr);
	struct flow *f;

	return r && !flow_new(t->search->code, r->start, &t->search->noreturn, &f) ? f : NULL;
}

static bool is_symbol(struct ft_search *t, const char *name, u64 *ret_vaddr)
{
	struct elf_symbol sym;

	if (elf_file_symbol(t->search->elf, name, &sym) || !sym.function)
		return false;
	*ret_vaddr = sym.vaddr;
	return true;
}

/* Does the function at @start write @number to its argument's member at @at? */
static bool writes(const struct flow *f, u64 start, u32 at, u64 number)
{
	const struct flow_store *stores;
	struct flow_value arg;
	size_t n;

	if (flow_arg_at(f, start, 0, &arg))
		return false;
	stores = flow_stores(f, &n);
	for (size_t i = 0; i < n; i++)
		if (stores[i].to.base == arg.base && stores[i].to.disp == arg.disp + at &&
		    stores[i].number == number)
			return true;
	return false;
}

/* The call (or jump) at @i, of the wait for others to stop: PyEvent_WaitTimed(event, 1 ms, 0). */
static int one_event(const struct insn *i, void *arg)
{
	struct ft_search *t = arg;
	struct flow_value ns, detach;
	struct flow *f = flow_at(t, i->vaddr);
	u64 start;

	if (!f)
		return 0;
	start = code_range_at(t->search->code, i->vaddr)->start;
	if (!flow_arg_at(f, i->vaddr, 1, &ns) && !ns.base && ns.disp == EVENT_WAIT_NS &&
	    !flow_arg_at(f, i->vaddr, 2, &detach) && !detach.base && !detach.disp &&
	    writes(f, start, REQUESTED, 1))
		t->stop = start;
	flow_free(f);
	return 0;
}

static int one_wake(const struct insn *i, void *arg)
{
	struct ft_search *t = arg;
	struct flow *f = flow_at(t, i->vaddr);
	u64 start;

	if (!f)
		return 0;
	start = code_range_at(t->search->code, i->vaddr)->start;
	if (writes(f, start, REQUESTED, 0) && writes(f, start, REQUESTER, 0))
		t->start = start;
	flow_free(f);
	return 0;
}

/* Every call of (or jump to) the exported function @name. */
static int each_caller(struct ft_search *t, const char *name,
		       int (*each)(const struct insn *i, void *arg))
{
	struct site_callee c;
	struct code_targets to = { .targets = c.targets, .slots = c.slots };

	if (sites_callee(t->search, name, &c))
		return -ENOENT;
	to.ntargets = c.ntargets;
	to.nslots = c.nslots;
	return code_each_branch(t->search->code, &to, each, t);
}

static int find_world(struct ft_search *t)
{
	int r = 0;

	t->stop_by = t->start_by = "symtab";
	if (!is_symbol(t, "stop_the_world", &t->stop)) {
		t->stop_by = "decode";
		r = each_caller(t, "PyEvent_WaitTimed", one_event);
	}
	if (!r && !is_symbol(t, "start_the_world", &t->start)) {
		t->start_by = "decode";
		r = each_caller(t, "_PyParkingLot_UnparkAll", one_wake);
	}
	if (r && r != -ENOENT)
		return r;
	if (!t->stop)
		return missing(t, "stop_the_world() cannot be found");
	return t->start ? 0 : missing(t, "start_the_world() cannot be found");
}

static int add_entry(struct ft_search *t, u64 start, enum gs_event event, const char *by,
		     const char *what)
{
	struct site_found found = { .family = GS_FAMILY_FT, .event = event, .found_by = by };
	struct insn at;

	if (code_next_emulated(t->search->code, start, &at))
		found.vaddr = start;
	else
		found.vaddr = at.vaddr;
	return sites_add(t->search, t->e, &found, "where %s (0x%lx) begins", what,
			 (unsigned long)start);
}

/* All ways out of stop_the_world(): returns, and jumps to who unlocks for it. */
static int add_stopped(struct ft_search *t)
{
	const struct code_range *range = code_range_at(t->search->code, t->stop);
	struct site_found found = {
		.family = GS_FAMILY_FT,
		.event = GS_EVENT_FT_STOPPED,
		.found_by = t->stop_by,
	};
	struct flow *f = flow_at(t, t->stop);
	size_t n = 0;
	struct insn i;
	int r = 0;

	for (size_t k = 0; f && !r && flow_insn(f, k, &found.vaddr); k++) {
		if (code_decode(t->search->code, found.vaddr, &i))
			continue;
		if (i.flow != INSN_RET &&
		    (i.flow != INSN_JMP || (i.target >= range->start && i.target < range->end)))
			continue;
		r = sites_add(t->search, t->e, &found, "where stop_the_world (0x%lx) ends",
			      (unsigned long)t->stop);
		n++;
	}
	flow_free(f);
	return r || n ? r : missing(t, "stop_the_world() has no end");
}

static int add_world(struct ft_search *t)
{
	int r = add_entry(t, t->stop, GS_EVENT_FT_STOP, t->stop_by, "stop_the_world");

	if (!r)
		r = add_stopped(t);
	return r ? r : add_entry(t, t->start, GS_EVENT_FT_START, t->start_by, "start_the_world");
}

/* The function that @vaddr leads to if that does nothing but jump or call on. */
static u64 led_to(struct ft_search *t, u64 vaddr)
{
	const struct code_range *r = code_range_at(t->search->code, vaddr);
	u64 to = 0;
	struct insn i;

	for (u64 at = vaddr; r && at < r->end; at += i.size) {
		if (code_decode(t->search->code, at, &i))
			return 0;
		if ((i.flow == INSN_JMP || i.flow == INSN_CALL) && i.target) {
			if (to)
				return 0;
			to = i.target;
		}
	}
	return to;
}

/* _PyMutex_LockTimed(), by its name or as what PyMutex_Lock() is a wrapper of. */
static int find_lock(struct ft_search *t)
{
	t->lock_by = "symtab";
	if (is_symbol(t, "_PyMutex_LockTimed", &t->lock))
		return 0;
	t->lock_by = "decode";
	return is_symbol(t, "PyMutex_Lock", &t->lock) ? 0 : missing(t, "it has no PyMutex_Lock()");
}

/* Is @call in _PyMutex_LockTimed(), or in what PyMutex_Lock() passes on to? */
static bool for_mutex(struct ft_search *t, u64 call)
{
	const struct code_range *r = code_range_at(t->search->code, call);
	u64 at = t->lock;

	for (int i = 0; r && at && i <= PASSED_ON; i++) {
		if (at >= r->start && at < r->end)
			return true;
		at = led_to(t, at);
	}
	return false;
}

/* _PyParkingLot_Park(&tstate->state, &state, sizeof(int), -1, NULL, 0): the only wait of that size
 */
static bool for_world(const struct flow *f, u64 call)
{
	struct flow_value size, park_arg, detach;

	return !flow_arg_at(f, call, 2, &size) && !size.base && size.disp == 4 &&
	       !flow_arg_at(f, call, 4, &park_arg) && !park_arg.base && !park_arg.disp &&
	       !flow_arg_at(f, call, 5, &detach) && !detach.base && !detach.disp;
}

static int add_sleep(struct ft_search *t, const struct insn *call, bool mutex)
{
	struct site_found found = {
		.family = GS_FAMILY_FT,
		.event = mutex ? GS_EVENT_FT_PARK : GS_EVENT_FT_SUSPEND,
		.vaddr = call->vaddr,
		.found_by = mutex ? t->lock_by : "decode",
	};
	struct insn after;
	int r;

	if (mutex)
		found.args[0] = (struct gs_arg) {
			.kind = GS_ARG_REG,
			.reg = code_arg_reg(t->search->code, 0),
			.size = 8,
		};
	if (code_next_emulated(t->search->code, call->vaddr + call->size, &after))
		return missing(t, "no instruction after a sleep can be probed");
	r = sites_add(t->search, t->e, &found, "the call of _PyParkingLot_Park in %s",
		      mutex ? "_PyMutex_LockTimed" : "tstate_wait_attach, for a thread's state");
	if (r)
		return r;
	found.event = mutex ? GS_EVENT_FT_WOKEN : GS_EVENT_FT_RESUMED;
	found.args[0] = (struct gs_arg) { .kind = GS_ARG_NONE };
	found.vaddr = after.vaddr;
	return sites_add(t->search, t->e, &found,
			 "after the return of _PyParkingLot_Park called "
			 "at 0x%lx",
			 (unsigned long)call->vaddr);
}

static int one_sleep(const struct insn *i, void *arg)
{
	struct ft_search *t = arg;
	struct insn call = *i;
	struct flow *f;
	bool world;

	if (i->flow == INSN_CALL && for_mutex(t, i->vaddr)) {
		t->nmutex++;
		return add_sleep(t, &call, true);
	}
	f = flow_at(t, i->vaddr);
	world = f && i->flow == INSN_CALL && for_world(f, call.vaddr);
	flow_free(f);
	if (!world)
		return 0; /* for an event, or another lock: not told */
	t->nworld++;
	return add_sleep(t, &call, false);
}

/* At the call (or jump): its argument is at hand there. */
static int one_release(const struct insn *i, void *arg)
{
	struct ft_search *t = arg;
	struct site_found found = {
		.family = GS_FAMILY_FT,
		.event = GS_EVENT_FT_RELEASE,
		.args = { { .kind = GS_ARG_REG,
			    .reg = code_arg_reg(t->search->code, 0),
			    .size = 8 } },
		.vaddr = i->vaddr,
		.found_by = "decode",
	};

	t->nreleases++;
	return i->flow == INSN_CALL || i->flow == INSN_JMP
		       ? sites_add(t->search, t->e, &found,
				   "what wakes one that waits for a mutex, by _PyParkingLot_Unpark")
		       : 0;
}

static int add_sleeps(struct ft_search *t)
{
	int r = find_lock(t);

	if (!r)
		r = each_caller(t, "_PyParkingLot_Park", one_sleep);
	if (r == -ENOENT)
		r = missing(t, "it has no _PyParkingLot_Park()");
	if (!r && !t->nmutex)
		r = missing(t, "PyMutex_Lock() does not lead to where threads sleep");
	if (!r && !t->nworld)
		r = missing(t, "where threads sleep while the world is stopped cannot be found");
	if (!r)
		r = each_caller(t, "_PyParkingLot_Unpark", one_release);
	return r == -ENOENT ? missing(t, "it has no _PyParkingLot_Unpark()") : r;
}

int sites_ft(struct site_search *search, struct err *e)
{
	static const char *const slow[] = { "_PyCriticalSection_BeginSlow",
					    "_PyCriticalSection2_BeginSlow" };
	struct ft_search t = { .search = search, .e = e };
	u64 at;
	int r;

	if (!search->binary->free_threaded)
		return 0; /* it has a GIL: nobody stops the world */
	r = find_world(&t);
	if (!r)
		r = add_world(&t);
	if (!r)
		r = add_sleeps(&t);
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]) && !r; i++) {
		if (!is_symbol(&t, slow[i], &at))
			return missing(&t, "it has no _PyCriticalSection_BeginSlow()");
		r = add_entry(&t, at, GS_EVENT_FT_CRITICAL, "symtab", slow[i]);
	}
	return r;
}
