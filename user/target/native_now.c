/* Where a sleeping thread is, by /proc: without stopping it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/native.h"

#define PAGE 4096ULL

#if defined(__x86_64__)
#define SP 7
#else
#define SP 31
#endif

/* "NUMBER ARG1 ... ARG6 SP PC", or "-1 SP PC" in no call, or "running" (proc(5)). */
int native_now_parse(const char *line, u64 *ret_sp, u64 *ret_pc)
{
	u64 v[8] = {};
	const char *at = line;
	char *end;
	size_t n = 0;
	long long call;

	if (!strncmp(line, "running", 7))
		return -EBUSY;
	errno = 0;
	call = strtoll(at, &end, 10);
	if (end == at || errno)
		return -EINVAL;
	for (at = end; *at == ' ' && n < 8; at = end, n++) {
		v[n] = strtoull(at + 1, &end, 0);
		if (end == at + 1 || errno)
			return -EINVAL;
	}
	if (n != (call < 0 ? 2 : 8) || (*at && *at != '\n'))
		return -EINVAL;
	*ret_sp = v[n - 2];
	*ret_pc = v[n - 1];
	return 0;
}

int native_now_read(pid_t pid, pid_t tid, struct native_now *ret_now)
{
	char path[64], line[256];
	struct native_state *s = &ret_now->state;
	size_t left;
	FILE *f;
	int err;

	*s = (struct native_state) { .data = ret_now->data };
	ret_now->running = false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	err = fgets(line, sizeof(line), f) ? native_now_parse(line, &s->sp, &s->pc) : -EIO;
	fclose(f);
	ret_now->running = err == -EBUSY;
	if (err)
		return err;
	s->reg[SP] = s->sp;
	s->known = 1U << SP;
	while (s->bytes < NATIVE_STACK_MAX) {
		left = PAGE - (s->sp + s->bytes) % PAGE;
		if (left > NATIVE_STACK_MAX - s->bytes)
			left = NATIVE_STACK_MAX - s->bytes;
		if (process_read(pid, s->sp + s->bytes, ret_now->data + s->bytes, left))
			break;
		s->bytes += left;
	}
	return s->bytes ? 0 : -EFAULT;
}
