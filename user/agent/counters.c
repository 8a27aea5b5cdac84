/* From readings to label sets; see counters.h. */
#include "user/agent/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/agent/names.h"
#include "user/agent/parts.h"
#include "user/model/fig_rows.h"

#define GROUP_COST 4 /* series of a group itself: expose.c */
#define OTHER_COST 800 /* series kept for the group "other": a row of each key there is */
#define TYPES_PART 2 /* one of so many parts of all series may be of types */
#define YOUNG_NS 500000000ULL
#define OTHER "other"

size_t counters_cost(enum fig_table t)
{
	size_t n = 0;

	for (size_t i = 0; i < trace_metric_count; i++) {
		const struct trace_metric *m = &trace_metric_list[i];

		if (m->table == t && m->type != METRIC_LEVEL)
			n += m->type == METRIC_HISTOGRAM ? TRACE_METRIC_BOUNDS + 3 : 1;
	}
	return n;
}

static bool has_room(const struct counters *c, size_t series)
{
	return c->series + series + OTHER_COST <= c->config->max_series;
}

/* For one more row of table @t. */
static bool has_row_room(const struct counters *c, enum fig_table t, size_t series)
{
	if (t == FIG_TYPES && c->type_series + series > c->config->max_series / TYPES_PART)
		return false;
	return has_room(c, series);
}

/* A group of its own has one row of @t more, or less. */
static void count_row(struct counters *c, enum fig_table t, bool more)
{
	size_t cost = counters_cost(t);

	c->series += more ? cost : -cost;
	if (t == FIG_TYPES)
		c->type_series += more ? cost : -cost;
}

/* A new group; takes over @labels.  NULL without memory. */
static struct group *add_group(struct counters *c, char *labels)
{
	struct group **more = realloc(c->groups, (c->ngroups + 1) * sizeof(struct group *));
	struct group *g = calloc(1, sizeof(*g));

	c->groups = more ? more : c->groups;
	if (!more || !g || !labels) {
		free(g);
		free(labels);
		return NULL;
	}
	g->labels = labels;
	c->groups[c->ngroups++] = g;
	c->series += GROUP_COST;
	return g;
}

static char *labels_of(const char *service, const char *process, const char *python)
{
	const char *const pairs[] = {
		"service", service, "process", process, "python", python, NULL
	};

	return trace_metric_labels("", pairs);
}

int counters_init(struct counters *c, const struct agent_config *config)
{
	*c = (struct counters) { .config = config };
	return add_group(c, labels_of(OTHER, OTHER, OTHER)) ? 0 : -ENOMEM;
}

/* The group of process @p; NULL without memory. */
static struct group *find_group(struct counters *c, const struct fig_process *p)
{
	char service[NAME_ROOM], program[NAME_ROOM], python[32], *labels;

	name_of_program(p->command, program);
	name_of_service(c->config->rules, c->config->nrules, p->cgroup, program, service);
	snprintf(python, sizeof(python), "%.24s%s", p->python.version ? p->python.version : "",
		 p->python.free_threaded ? "t" : "");
	labels = labels_of(service, program, python);
	for (size_t i = 0; labels && i < c->ngroups; i++) {
		if (!strcmp(c->groups[i]->labels, labels)) {
			free(labels);
			return c->groups[i];
		}
	}
	if (labels && !has_room(c, GROUP_COST)) {
		free(labels);
		c->folded_processes++;
		return c->groups[0];
	}
	return add_group(c, labels);
}

/* The group's part that @p of one of its members adds to; NULL without memory. */
static struct part *find_sum(struct counters *c, struct group *g, const struct part *p,
			     const char *label)
{
	struct part *to = part_find(g->parts[p->table], p->key);
	const char *key = p->key;

	if (to)
		return to;
	if (g != c->groups[0] && !has_row_room(c, p->table, counters_cost(p->table))) {
		g = c->groups[0];
		c->folded_rows++;
	}
	/* Types come in any number: of what has no room they are one. */
	if (g == c->groups[0] && p->table == FIG_TYPES)
		key = OTHER;
	to = part_find(g->parts[p->table], key);
	if (!to) {
		const char *const pairs[] = { label, key, NULL };

		to = part_of_group(g->parts, p->table, key, trace_metric_labels(g->labels, pairs));
		if (to && g != c->groups[0])
			count_row(c, p->table, true);
	}
	return to;
}

/* The rows of table @t of @p are added up in @m's parts, by key. */
static int read_table(struct member *m, const struct fig_process *p, enum fig_table t)
{
	struct fig_rows rows = fig_rows(&fig_tables[t], p);

	for (size_t i = 0; rows.measured && rows.row && i < rows.count; i++) {
		const char *row = rows.row + i * fig_tables[t].row_size, *key = "";
		struct part *part;
		char room[32];

		/* Which GIL it is, is an address: of many processes they are one. */
		if (t != FIG_GILS && !trace_metric_key(t, row, room, &key))
			key = "";
		part = part_find(m->parts[t], key ? key : "?");
		if (!part)
			part = part_of_process(m->parts, t, key ? key : "?");
		if (!part)
			return -ENOMEM;
		fig_row_sum(t, part->now, row);
		part->touched = true;
	}
	return 0;
}

/* Of table @t.  What is counted for the first time finds room, or is one of "other". */
static int settle_table(struct counters *c, struct member *m, enum fig_table t)
{
	for (struct part *part = m->parts[t]; part; part = part->next) {
		const char *value, *label;
		char room[32];

		if (!part->touched)
			continue;
		label = t == FIG_GILS ? NULL : trace_metric_key(t, part->now, room, &value);
		if (!part->to)
			part->to = find_sum(c, m->group, part, label);
		if (!part->to)
			return -ENOMEM;
		part_settle(part);
	}
	return 0;
}

/* What @m has counted since the last reading goes to its group. */
static int settle(struct counters *c, struct member *m, const struct fig_process *p)
{
	int err = 0;

	if (!m->group) {
		m->group = find_group(c, p);
		if (!m->group)
			return -ENOMEM;
		m->group->members++;
	}
	for (size_t i = 0; i < PART_TABLES && !err; i++)
		err = settle_table(c, m, part_tables[i]);
	return err;
}

static int take_process(struct counters *c, struct member *m, const struct fig_process *p)
{
	int err = 0;

	parts_clear(m->parts);
	for (size_t i = 0; i < PART_TABLES && !err; i++)
		err = read_table(m, p, part_tables[i]);
	if (!err)
		err = settle(c, m, p);
	if (err)
		return err;
	m->exited = p->exited;
	m->group->running += !p->exited;
	for (size_t i = 0; i < p->nthreads && !p->exited; i++)
		m->group->threads += !p->threads[i].exited;
	if (p->measured_ns > m->measured_ns) {
		m->group->measured_ns += p->measured_ns - m->measured_ns;
		m->measured_ns = p->measured_ns;
	}
	return 0;
}

static struct member *member_free(struct member *m, u64 now_ns)
{
	if (m->group && !--m->group->members)
		m->group->idle_ns = now_ns;
	parts_free(m->parts);
	free(m);
	return NULL;
}

/* The member that process @p is; the first place to look at is @hint: readings keep their order. */
static struct member *find_member(const struct counters *c, const struct fig_process *p,
				  size_t hint)
{
	for (size_t i = 0; i < c->nmembers; i++) {
		struct member *m = c->members[(i + hint) % c->nmembers];

		if (m->pid == p->pid && m->start_ns == p->start_ns)
			return m;
	}
	return NULL;
}

static struct member *add_member(struct counters *c, const struct fig_process *p)
{
	struct member **more = realloc(c->members, (c->nmembers + 1) * sizeof(struct member *));
	struct member *m = more ? calloc(1, sizeof(*m)) : NULL;

	c->members = more ? more : c->members;
	if (!m)
		return NULL;
	m->pid = p->pid;
	m->start_ns = p->start_ns;
	return c->members[c->nmembers++] = m;
}

/* Those that the reading has no more have ended, and their final values were in one before. */
static void drop_members(struct counters *c, u64 now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->nmembers; i++) {
		struct member *m = c->members[i];

		if (m->seen)
			c->members[kept++] = m;
		else
			member_free(m, now_ns);
	}
	c->nmembers = kept;
}

static void free_group(struct group *g)
{
	parts_free(g->parts);
	free(g->labels);
	free(g);
}

/* Groups without a process for long go; never the first one. */
static void forget(struct counters *c, u64 now_ns)
{
	size_t kept = 1;

	for (size_t i = 1; i < c->ngroups; i++) {
		struct group *g = c->groups[i];

		if (g->members || !c->config->forget_ns ||
		    now_ns - g->idle_ns < c->config->forget_ns) {
			c->groups[kept++] = g;
			continue;
		}
		c->series -= GROUP_COST;
		for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
			for (const struct part *p = g->parts[t]; p; p = p->next)
				count_row(c, p->table, false);
		c->forgotten++;
		free_group(g);
	}
	c->ngroups = kept;
}

/*
 * Between fork and exec a process runs its parent's program; what it executes is a process of its
 * own then, or no CPython.  So who is young may not be one yet, and who has executed another
 * program while it was never was.
 */
static void count_start(struct member *m, const struct fig_process *p, u64 now_ns)
{
	if (m->counted || p->execed || (!p->exited && now_ns < p->start_ns + YOUNG_NS))
		return;
	m->counted = true;
	m->group->starts++;
}

int counters_take(struct counters *c, struct figures *f, u64 now_ns)
{
	int err = 0;

	for (size_t i = 0; i < c->ngroups; i++)
		c->groups[i]->running = c->groups[i]->threads = 0;
	for (size_t i = 0; i < c->nmembers; i++)
		c->members[i]->seen = false;
	for (size_t i = 0; i < f->nprocs && !err; i++) {
		struct member *m = find_member(c, &f->procs[i], i);
		m = m ? m : add_member(c, &f->procs[i]);
		err = m ? take_process(c, m, &f->procs[i]) : -ENOMEM;
		if (!m)
			break;
		m->seen = true;
		m->row = i;
		if (m->group)
			count_start(m, &f->procs[i], now_ns);
	}
	if (!err) {
		drop_members(c, now_ns);
		forget(c, now_ns);
	}
	figures_free(c->last);
	c->last = err ? figures_free(f) : f; /* members may not be where they were */
	return err;
}

void counters_configure(struct counters *c, const struct agent_config *config, u64 now_ns)
{
	c->config = config;
	for (size_t i = 0; i < c->nmembers; i++) {
		struct member *m = c->members[i];

		if (m->group && !--m->group->members)
			m->group->idle_ns = now_ns;
		m->group = NULL;
		for (size_t t = 0; t < FIG_TABLE_COUNT; t++) {
			for (struct part *p = m->parts[t]; p; p = p->next) {
				p->to = NULL;
				free(p->labels); /* they have the group's name */
				p->labels = NULL;
			}
		}
	}
}

void counters_done(struct counters *c)
{
	for (size_t i = 0; i < c->nmembers; i++)
		member_free(c->members[i], 0);
	for (size_t i = 0; i < c->ngroups; i++)
		free_group(c->groups[i]);
	free(c->members);
	free(c->groups);
	figures_free(c->last);
	*c = (struct counters) {};
}
