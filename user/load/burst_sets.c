/* The sites that come and go; see burst_sets.h. */
#include "user/load/burst_sets.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"

#define THREADS_MAX 256 /* whose waiting is looked at */
#define AWAKE_LEAST 20 /* that part of a burst, at least: several threads may have waited */

static void set_clear(struct burst_set *s)
{
	free(s->path);
	free(s->sites);
}

/* The ladder's rows that are ours. */
static void note_rows(const struct burst_set *set, struct ladder *l)
{
	for (size_t i = 0; i < set->nsites && set->first + i < l->n; i++) {
		l->sites[set->first + i] = true;
		l->deallocs[set->first + i] = set->sites[i].event == GS_EVENT_REFS_DEALLOC;
	}
}

/* 0: it has ended, or cannot be told. */
static u64 cpu_now(const struct burst_set *set)
{
	struct timespec t;

	if (!set->has_clock || clock_gettime(set->clock, &t))
		return 0;
	return (u64)t.tv_sec * 1000000000ULL + (u64)t.tv_nsec;
}

/* How long the threads of @pid have waited for a CPU (Documentation/scheduler/sched-stats.rst). */
static u64 delay_now(pid_t pid)
{
	unsigned long long delay, sum = 0;
	struct dirent *entry;
	char name[300];
	int left = THREADS_MAX;
	DIR *tasks;

	snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
	tasks = opendir(name);
	while (tasks && left-- && (entry = readdir(tasks))) {
		FILE *f;

		snprintf(name, sizeof(name), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		f = entry->d_name[0] == '.' ? NULL : fopen(name, "re");
		if (f && fscanf(f, "%*u %llu", &delay) == 1)
			sum += delay;
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

/* Threads that have ended take their delay with them: it never goes back for us. */
static void note_use(struct burst_set *set)
{
	struct burst_use now = { .at_ns = clock_mono_ns(), .cpu_ns = cpu_now(set) };

	if (!now.cpu_ns)
		return;
	now.delay_ns = delay_now(set->pid);
	if (now.delay_ns < set->last_use.delay_ns)
		now.delay_ns = set->last_use.delay_ns;
	if (!set->first_use.at_ns)
		set->first_use = now;
	set->last_use = now;
}

int burst_sets_add(struct burst_sets *s, const char *path, pid_t pid,
		   const struct probe_site *sites, size_t nsites, u32 first, struct ladder *l)
{
	struct burst_set *more = realloc(s->at, (s->count + 1) * sizeof(*more)), *set;

	if (!more)
		return -ENOMEM;
	s->at = more;
	set = &s->at[s->count];
	*set = (struct burst_set) { .pid = pid, .nsites = nsites, .first = first };
	set->path = strdup(path);
	set->sites = calloc(nsites ? nsites : 1, sizeof(*sites));
	if (!set->path || !set->sites) {
		set_clear(set);
		return -ENOMEM;
	}
	memcpy(set->sites, sites, nsites * sizeof(*sites));
	set->has_clock = pid > 0 && !clock_getcpuclockid(pid, &set->clock);
	note_rows(set, l);
	note_use(set);
	s->count++;
	s->nsites += nsites;
	return 0;
}

void burst_sets_drop_last(struct burst_sets *s)
{
	s->nsites -= s->at[--s->count].nsites;
	set_clear(&s->at[s->count]);
}

static bool in_kind(const struct burst_set *set, size_t i, const struct ladder *l,
		    enum gs_burst_kind kind)
{
	size_t row = set->first + i;

	return row >= l->n || l->levels[row] <= kind;
}

int burst_set_attach(const struct burst_set *set, struct attached *a, const struct skel *s,
		     const struct ladder *l, enum gs_burst_kind kind, struct err *e)
{
	bool *chosen = calloc(set->nsites ? set->nsites : 1, sizeof(*chosen));
	int err;

	if (!chosen)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	for (size_t i = 0; i < set->nsites; i++)
		chosen[i] = in_kind(set, i, l, kind);
	err = attach_chosen(a, s, set->path, set->pid, set->sites, set->nsites, set->first, chosen,
			    e);
	free(chosen);
	return err;
}

void burst_sets_attach(struct burst_sets *b, struct attached *a, const struct skel *s,
		       const struct ladder *l, enum gs_burst_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (burst_set_attach(&b->at[i], a, s, l, kind, NULL)) {
			b->nsites -= b->at[i].nsites;
			set_clear(&b->at[i]);
		} else {
			b->at[kept++] = b->at[i];
		}
	}
	b->count = kept;
}

size_t burst_sets_sites(const struct burst_sets *b, const struct ladder *l, enum gs_burst_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		for (size_t k = 0; k < b->at[i].nsites; k++)
			n += in_kind(&b->at[i], k, l, kind);
	return n;
}

/* Is there a single process, so that its waiting is all the waiting there is? */
static bool single(const struct burst_sets *b)
{
	return b->count == 1 && b->at[0].has_clock;
}

void burst_sets_begin(struct burst_sets *b)
{
	for (size_t i = 0; i < b->count; i++)
		b->at[i].began_ns = cpu_now(&b->at[i]);
	if (single(b))
		b->at[0].began_delay_ns = delay_now(b->at[0].pid);
}

u64 burst_sets_end(struct burst_sets *b, enum gs_burst_kind kind, u64 ns)
{
	u64 delay;

	for (size_t i = 0; i < b->count; i++) {
		struct burst_set *set = &b->at[i];
		u64 now = cpu_now(set);

		if (set->began_ns && now > set->began_ns)
			set->cpu_ns[kind] += now - set->began_ns;
		note_use(set);
	}
	if (!single(b) || b->at[0].last_use.delay_ns < b->at[0].began_delay_ns)
		return ns;
	delay = b->at[0].last_use.delay_ns - b->at[0].began_delay_ns;
	return delay < ns - ns / AWAKE_LEAST ? ns - delay : ns / AWAKE_LEAST;
}

static const struct burst_set *set_of(const struct burst_sets *b, u32 pid)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->at[i].has_clock && b->at[i].pid == (pid_t)pid)
			return &b->at[i];
	return NULL;
}

void burst_sets_use(const struct burst_sets *b, u32 pid, struct burst_seen *seen)
{
	const struct burst_set *set = set_of(b, pid);
	double ns = 0;

	if (set)
		ns = (double)(set->last_use.at_ns - set->first_use.at_ns);
	seen->busy = seen->delayed = NAN;
	for (int k = 0; k < GS_BURST_KINDS; k++)
		seen->kinds[k].cpu_ns = set ? set->cpu_ns[k] : UINT64_MAX;
	if (!(ns > 0))
		return;
	seen->busy = (double)(set->last_use.cpu_ns - set->first_use.cpu_ns) / ns;
	seen->delayed = (double)(set->last_use.delay_ns - set->first_use.delay_ns) / ns;
}

void burst_sets_hits(struct ladder *l, const struct kmaps *k, bool begin)
{
	for (u32 i = 0; i < l->n; i++) {
		u64 hits = l->last[i];

		if (!l->sites[i])
			continue;
		(void)kmaps_hits(k, GS_HOOK_COUNT + i, &hits, 1);
		if (begin)
			l->last[i] = hits;
		else
			l->recent[i] = hits - l->last[i];
	}
}

void burst_sets_free(struct burst_sets *b)
{
	for (size_t i = 0; i < b->count; i++)
		set_clear(&b->at[i]);
	free(b->at);
	*b = (struct burst_sets) {};
}
