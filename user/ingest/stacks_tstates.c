/* Which thread has which PyThreadState: what the kernel side cannot see of one that only waits. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "user/ingest/stacks_private.h"
#include "user/target/py_stack.h"

/* Those of threads that have ended are in the way only when there are too many. */
static void clear(int fd)
{
	u32 tid;

	while (!bpf_map_get_next_key(fd, NULL, &tid))
		if (bpf_map_delete_elem(fd, &tid))
			break;
}

static void tell(const struct stacks *s, const struct py_thread *t)
{
	u32 tid = (u32)t->tid;
	int fd = s->maps->tstates_fd;

	if (t->tid && bpf_map_update_elem(fd, &tid, &t->tstate, BPF_ANY) && errno == E2BIG) {
		clear(fd);
		(void)bpf_map_update_elem(fd, &tid, &t->tstate, BPF_ANY);
	}
}

void stacks_tell_tstates(const struct stacks *s, const struct measured *m)
{
	struct py_interp *interps = calloc(PY_INTERPS_MAX, sizeof(*interps));
	int n = interps ? py_interps_read(m->py, interps) : 0;

	for (int i = 0; i < n; i++) {
		struct py_thread *list;
		int threads = py_threads_read(m->py, &interps[i], &list);

		for (int t = 0; t < threads; t++)
			tell(s, &list[t]);
		if (threads >= 0)
			free(list);
	}
	free(interps);
}
