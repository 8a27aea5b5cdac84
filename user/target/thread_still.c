/* Invariant: what cannot be told is "it did not stand still". */
#include "user/target/thread_still.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_CPU 39 /* field of proc(5), stat: processor */
#define STAT_STATE 3

static bool read_task(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool thread_still_turns(pid_t pid, pid_t tid, u64 *ret_count)
{
	unsigned long long ran, waited, count;
	char text[96];

	if (!read_task(pid, tid, "schedstat", text, sizeof(text)) ||
	    sscanf(text, "%llu %llu %llu", &ran, &waited, &count) != 3)
		return false;
	*ret_count = count;
	return true;
}

int thread_still_parse(const char *stat, char *ret_state, int *ret_cpu)
{
	const char *p = strrchr(stat, ')'); /* the name may have any, but it is the last */
	int field;

	if (!p || p[1] != ' ' || !p[2] || p[3] != ' ')
		return -EINVAL;
	*ret_state = p[2];
	p += 2;
	for (field = STAT_STATE; field < STAT_CPU; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EINVAL;
		p++;
	}
	if (*p < '0' || *p > '9')
		return -EINVAL;
	*ret_cpu = (int)strtol(p, NULL, 10);
	return 0;
}

static bool look(struct thread_still *s, int *ret_cpu)
{
	char text[1024];

	return read_task(s->pid, s->tid, "stat", text, sizeof(text)) &&
	       !thread_still_parse(text, &s->state, ret_cpu);
}

void thread_still_begin(struct thread_still *s, pid_t pid, pid_t tid)
{
	cpu_set_t set;
	int cpu;

	*s = (struct thread_still) { .pid = pid, .tid = tid };
	if (!thread_still_turns(pid, tid, &s->count) || !look(s, &cpu))
		return;
	s->off = s->state != 'R';
	if (s->off || cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return; /* not ours to use */
	/* The move may have made it go elsewhere, or let it run before: look anew. */
	if (!thread_still_turns(pid, tid, &s->count) || !look(s, &cpu))
		return;
	s->off = s->state != 'R' || cpu == sched_getcpu();
}

bool thread_still_end(const struct thread_still *s)
{
	u64 count;

	return s->off && thread_still_turns(s->pid, s->tid, &count) && count == s->count;
}

void thread_still_keep(cpu_set_t *ret_set)
{
	if (sched_getaffinity(0, sizeof(*ret_set), ret_set))
		CPU_ZERO(ret_set);
}

void thread_still_restore(const cpu_set_t *set)
{
	if (CPU_COUNT(set))
		(void)sched_setaffinity(0, sizeof(*set), set);
}
