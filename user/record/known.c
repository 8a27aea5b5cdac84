/* The mirror of what a recording has told of; see known.h. */
#include "user/record/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t type_bucket(u32 pid, u64 key)
{
	return ((key >> 4) * 0x9e3779b97f4a7c15ULL + pid) >> 52;
}

static struct known_one *find(struct known_one *list, enum event_kind kind, u32 id, u64 key)
{
	for (struct known_one *one = list; one; one = one->next) {
		const struct event *ev = one->event;

		if (one->exit_ns)
			continue;
		if (kind == EVENT_THREAD ? ev->tid == id : ev->pid == id && ev->key == key)
			return one;
	}
	return NULL;
}

static struct known_one *find_probe(struct known_one *list, const struct event *ev)
{
	for (struct known_one *one = list; one; one = one->next)
		if (one->event->offset == ev->offset &&
		    !strcmp(one->event->text[EVENT_PROBE_EVENT], ev->text[EVENT_PROBE_EVENT]) &&
		    !strcmp(one->event->text[EVENT_PROBE_FILE], ev->text[EVENT_PROBE_FILE]))
			return one;
	return NULL;
}

static int put(struct known_one **list, struct known_one *old, const struct event *ev)
{
	struct known_one *one = old ? old : calloc(1, sizeof(*one));
	struct event *copy = event_copy(ev);

	if (!one || !copy) {
		free(copy);
		if (!old)
			free(one);
		return -ENOMEM;
	}
	free(one->event);
	one->event = copy;
	if (!old) {
		one->first_ns = ev->ts_ns;
		one->next = *list;
		*list = one;
	}
	return 0;
}

/* The process's threads and types end with it. */
static void end_all(struct known_one **buckets, u32 pid, u64 ns)
{
	for (size_t i = 0; i < KNOWN_BUCKETS; i++)
		for (struct known_one *one = buckets[i]; one; one = one->next)
			if (one->event->pid == pid && !one->exit_ns)
				one->exit_ns = ns;
}

static void end_process(struct known *k, u32 pid, u64 ns)
{
	struct known_one *one = find(k->processes, EVENT_PROCESS, pid, 0);

	if (one)
		one->exit_ns = ns;
	one = find(k->cpus, EVENT_CPU, pid, 0);
	if (one)
		one->exit_ns = ns;
	end_all(k->threads, pid, ns);
	end_all(k->types, pid, ns);
}

int known_event(struct known *k, const struct event *ev)
{
	struct known_one **threads = &k->threads[ev->tid % KNOWN_BUCKETS];
	struct known_one **types = &k->types[type_bucket(ev->pid, ev->key)], *one;

	switch (ev->kind) {
	case EVENT_PROCESS:
		return put(&k->processes, find(k->processes, EVENT_PROCESS, ev->pid, 0), ev);
	case EVENT_THREAD:
		return put(threads, find(*threads, EVENT_THREAD, ev->tid, 0), ev);
	case EVENT_CPU:
		return put(&k->cpus, find(k->cpus, EVENT_CPU, ev->pid, 0), ev);
	case EVENT_PROBE:
		return put(&k->probes, find_probe(k->probes, ev), ev);
	case EVENT_TYPE:
		return put(types, find(*types, EVENT_TYPE, ev->pid, ev->key), ev);
	case EVENT_THREAD_EXIT:
		one = find(*threads, EVENT_THREAD, ev->tid, 0);
		if (one)
			one->exit_ns = ev->ts_ns;
		return 0;
	case EVENT_PROCESS_EXIT:
		end_process(k, ev->pid, ev->ts_ns);
		return 0;
	default:
		return 0;
	}
}

static const struct event *event_of(const struct known_one *one)
{
	return one ? one->event : NULL;
}

const struct event *known_thread(const struct known *k, u32 tid)
{
	return event_of(find(k->threads[tid % KNOWN_BUCKETS], EVENT_THREAD, tid, 0));
}

const struct event *known_process(const struct known *k, u32 pid)
{
	return event_of(find(k->processes, EVENT_PROCESS, pid, 0));
}

const struct event *known_type(const struct known *k, u32 pid, u64 key)
{
	return event_of(find(k->types[type_bucket(pid, key)], EVENT_TYPE, pid, key));
}

bool known_gil_changes(struct known *k, u32 tid, u64 gil, u64 packet)
{
	struct known_one *one = find(k->threads[tid % KNOWN_BUCKETS], EVENT_THREAD, tid, 0);
	bool changes;

	if (!one)
		return gil;
	changes = one->gil != gil || (gil && one->gil_packet != packet);
	one->gil = gil;
	one->gil_packet = packet;
	return changes;
}

bool known_thread_over(const struct known *k, const struct event *ev)
{
	const struct known_one *one = k->threads[ev->tid % KNOWN_BUCKETS];

	for (; one; one = one->next)
		if (one->event->tid == ev->tid && one->exit_ns &&
		    (one->event->start_ns == ev->start_ns || ev->ts_ns <= one->exit_ns))
			return true;
	return false;
}

bool known_probe(const struct known *k, const struct event *ev)
{
	const struct known_one *one = find_probe(k->probes, ev);

	return one && one->event->count == ev->count;
}

bool known_cpu(const struct known *k, const struct event *ev)
{
	const struct known_one *one = find(k->cpus, EVENT_CPU, ev->pid, 0);

	return one && one->event->switch_interval_ns == ev->switch_interval_ns &&
	       one->event->throttled == ev->throttled &&
	       one->event->throttled_ns == ev->throttled_ns;
}

static void forget(struct known_one **list, u64 ns)
{
	while (*list) {
		struct known_one *one = *list;

		if (!one->exit_ns || one->exit_ns >= ns) {
			list = &one->next;
			continue;
		}
		*list = one->next;
		free(one->event);
		free(one);
	}
}

void known_forget(struct known *k, u64 ns)
{
	forget(&k->processes, ns);
	forget(&k->cpus, ns);
	for (size_t i = 0; i < KNOWN_BUCKETS; i++) {
		forget(&k->threads[i], ns);
		forget(&k->types[i], ns);
	}
}

static int tell(const struct known_one *list, u64 at_ns,
		int (*each)(void *ctx, const struct event *ev), void *ctx)
{
	int err = 0;

	for (const struct known_one *one = list; one && !err; one = one->next)
		if (one->first_ns <= at_ns)
			err = each(ctx, one->event);
	return err;
}

int known_tell(const struct known *k, u64 at_ns, int (*each)(void *ctx, const struct event *ev),
	       void *ctx)
{
	int err = tell(k->processes, at_ns, each, ctx);

	if (!err)
		err = tell(k->probes, at_ns, each, ctx);
	if (!err)
		err = tell(k->cpus, at_ns, each, ctx);
	for (size_t i = 0; i < KNOWN_BUCKETS && !err; i++)
		err = tell(k->threads[i], at_ns, each, ctx);
	for (size_t i = 0; i < KNOWN_BUCKETS && !err; i++)
		err = tell(k->types[i], at_ns, each, ctx);
	return err;
}

static void drop(struct known_one **list)
{
	while (*list) {
		struct known_one *one = *list;

		*list = one->next;
		free(one->event);
		free(one);
	}
}

void known_done(struct known *k)
{
	drop(&k->processes);
	drop(&k->probes);
	drop(&k->cpus);
	for (size_t i = 0; i < KNOWN_BUCKETS; i++) {
		drop(&k->threads[i]);
		drop(&k->types[i]);
	}
}
