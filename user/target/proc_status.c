/* Invariant: a thread's own name never decides where the fields after it are read. */
#include "user/target/proc_status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/proc_maps.h"

#define STATUS_MAX 65536
#define PF_KTHREAD 0x00200000 /* linux/sched.h */

/* The name may hold anything, ")" and newlines included. */
int proc_stat_parse(const char *text, struct proc_status *s)
{
	const char *p = strrchr(text, ')');
	unsigned long long start = 0, code = 1, stack = 0;
	unsigned int flags = 0, threads = 0;
	int ppid = 0;

	if (!p || sscanf(p + 1,
			 " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u "
			 "%*d %llu %*u %*d %*u %llu %*u %llu",
			 &s->state, &ppid, &flags, &threads, &start, &code, &stack) < 5)
		return -EINVAL;
	s->ppid = ppid;
	s->kernel = flags & PF_KTHREAD;
	s->threads = threads;
	s->start_ticks = start;
	s->image = stack;
	/* fs/proc/array.c: 1 where we may not know; fs/binfmt_elf.c sets them when all is mapped.
	 */
	s->executing = !code && !stack && !s->kernel && s->state != 'Z' && s->state != 'X';
	return 0;
}

/* The line "@key:..." after the first one, which is the name. */
static const char *status_line(const char *text, const char *key)
{
	char want[32];
	const char *p;

	snprintf(want, sizeof(want), "\n%s:", key);
	p = strstr(text, want);
	return p ? p + strlen(want) : NULL;
}

static pid_t last_id(const char *line)
{
	pid_t id = 0;
	char *end;

	for (; *line && *line != '\n'; line = end) {
		long v = strtol(line, &end, 10);

		if (end == line)
			break;
		id = v > 0 && v < INT32_MAX ? (pid_t)v : 0;
		end += strspn(end, " \t");
	}
	return id;
}

void proc_ids_parse(const char *text, pid_t pid, struct proc_status *s)
{
	const char *line = status_line(text, "Tgid");
	unsigned int uid;

	s->tgid = line ? last_id(line) : pid;
	line = status_line(text, "NSpid");
	s->ns_pid = line ? last_id(line) : pid;
	line = status_line(text, "Uid");
	if (line && sscanf(line, "%*u %u", &uid) == 1)
		s->uid = uid;
}

int proc_status_read(pid_t pid, struct proc_status *ret_s)
{
	struct proc_status s = { 0 };
	char *text;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = proc_read_file(pid, "stat", STATUS_MAX, &text, NULL);
	if (r)
		return r;
	r = proc_stat_parse(text, &s);
	free(text);
	if (r)
		return r;
	r = proc_read_file(pid, "status", STATUS_MAX, &text, NULL);
	if (r)
		return r;
	proc_ids_parse(text, pid, &s);
	free(text);
	*ret_s = s;
	return 0;
}

pid_t proc_ns_tid(pid_t pid, pid_t tid)
{
	char name[48], *text;
	const char *line;
	pid_t id = 0;

	snprintf(name, sizeof(name), "task/%d/status", tid);
	if (tid <= 0 || proc_read_file(pid, name, STATUS_MAX, &text, NULL))
		return 0;
	line = status_line(text, "NSpid");
	if (line)
		id = last_id(line);
	free(text);
	return id;
}

void proc_command(pid_t pid, char *text, size_t size)
{
	size_t n = 0, i;
	char *line;

	text[0] = '\0';
	if (!proc_read_file(pid, "cmdline", 1U << 20, &line, &n)) {
		while (n && !line[n - 1])
			n--;
		for (i = 0; i < n; i++)
			line[i] = line[i] ? line[i] : ' ';
		snprintf(text, size, "%.*s", (int)(n < size ? n : size), line);
		free(line);
	}
	if (!text[0] && !proc_read_file(pid, "comm", 4096, &line, NULL)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "[%s]", line);
		free(line);
	}
	str_printable(text);
}
