/* One `call pthread_cond_signal` in an interpreter: what it signals, and where that ends. */
#ifndef GS_USER_TARGET_GIL_PATHS_H
#define GS_USER_TARGET_GIL_PATHS_H

#include "user/sym/flow.h"
#include "user/target/sites.h"

struct gil_calls {
	struct site_callee signal, wait, timedwait, lock, unlock;
};

enum gil_signal_kind {
	GIL_SIGNAL_UNKNOWN,
	GIL_SIGNAL_RELEASED, /* of gil->cond: the GIL is free */
	GIL_SIGNAL_OWNED, /* of gil->switch_cond: the thread owns it */
	GIL_SIGNAL_NOBODYS, /* of gil->cond, as it is no longer used: free-threaded builds */
};

struct gil_signal {
	u64 vaddr; /* of the call */
	enum gil_signal_kind kind;
	struct flow_value gil; /* address of the GIL, as that function knows it */
	u64 store; /* vaddr of the store to gil->locked; 0: none seen */
};

/*
 * gil_signal_classify - which condition does the call at @vaddr signal?
 *
 * Needs two agreeing pieces of evidence: the argument's displacement from what it is relative
 * to (the GIL, _PyRuntime.ceval or _PyRuntime), and the store of 0 (released) or 1 (owned) to
 * gil->locked relative to the same base (CPython 3.11 Python/ceval_gil.h, take_gil() and
 * drop_gil()).  Return: 0, or -ENOTSUP with @e naming the address.
 */
int gil_signal_classify(struct site_search *search, const struct flow *f, u64 vaddr,
			struct gil_signal *ret_s, struct err *e);

/*
 * gil_signal_sites - add the sites that follow @s: after each unlock of the GIL's mutex that
 * can be reached from it, the first emulated instruction; the call itself if there is none
 *
 * Return: 0, or -ENOTSUP with @e set if a path returns without such an unlock.
 */
int gil_signal_sites(struct site_search *search, const struct flow *f,
		     const struct gil_calls *calls, const struct gil_signal *s, struct err *e);

#endif
