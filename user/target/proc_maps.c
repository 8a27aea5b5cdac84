/* Invariant: whatever the text, a mapping kept has start < end and a terminated path. */
#include "user/target/proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAPS_TEXT_MAX (32U << 20)

int proc_read_file(pid_t pid, const char *name, size_t max, char **ret_text, size_t *ret_len)
{
	size_t size = 4096, n = 0;
	char path[64], *text, *more;
	ssize_t got;
	int fd, r = -ENOMEM;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	text = malloc(size + 1);
	while (text) {
		got = read(fd, text + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		r = got < 0 ? -errno : 0;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n < size)
			continue;
		r = -E2BIG;
		if (size >= max)
			break;
		size *= 2;
		more = realloc(text, size + 1);
		r = -ENOMEM;
		if (!more)
			break;
		text = more;
	}
	close(fd);
	if (r) {
		free(text);
		return r;
	}
	text[n] = '\0';
	*ret_text = text;
	if (ret_len)
		*ret_len = n;
	return 0;
}

static bool parse_hex(const char **p, char end, u64 *ret_v)
{
	char *stop;

	if (!strchr("0123456789abcdef", **p) || !**p)
		return false;
	errno = 0;
	*ret_v = strtoull(*p, &stop, 16);
	if (errno || *stop != end)
		return false;
	*p = stop + 1;
	return true;
}

/* Octal escapes of seq_path(): \012 newline. */
static char *unescape(const char *s)
{
	char *to = malloc(strlen(s) + 1), *p = to;

	if (!to)
		return NULL;
	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*p++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*p++ = *s++;
		}
	}
	*p = '\0';
	return to;
}

/* "start-end rwxp offset major:minor inode   path" (proc(5)). */
int proc_map_parse(const char *line, struct proc_map *ret_m)
{
	struct proc_map m = { 0 };
	const char *p = line;
	u64 major, minor;
	char *stop;

	if (!parse_hex(&p, '-', &m.start) || !parse_hex(&p, ' ', &m.end) || m.start >= m.end)
		return -EINVAL;
	if (strnlen(p, 5) < 5 || p[4] != ' ')
		return -EINVAL;
	m.write = p[1] == 'w';
	m.exec = p[2] == 'x';
	p += 5;
	if (!parse_hex(&p, ' ', &m.offset) || !parse_hex(&p, ':', &major) ||
	    !parse_hex(&p, ' ', &minor) || *p < '0' || *p > '9')
		return -EINVAL;
	errno = 0;
	m.inode = strtoull(p, &stop, 10);
	if (errno || (*stop && *stop != ' '))
		return -EINVAL;
	m.major = (u32)major;
	m.minor = (u32)minor;
	p = stop + strspn(stop, " ");
	m.path = unescape(p);
	if (!m.path)
		return -ENOMEM;
	*ret_m = m;
	return 0;
}

int proc_maps_read(pid_t pid, struct proc_maps *ret_m)
{
	struct proc_maps maps = { 0 };
	size_t capacity = 0;
	char *text, *line, *next;
	int r = proc_read_file(pid, "maps", MAPS_TEXT_MAX, &text, NULL);

	if (r)
		return r;
	for (line = text; line && *line && !r; line = next) {
		struct proc_map m, *more;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = proc_map_parse(line, &m);
		if (r == -EINVAL || (!r && (!m.inode || m.path[0] != '/'))) {
			if (!r)
				free(m.path);
			r = 0;
			continue;
		}
		if (r)
			break;
		if (maps.n == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			more = realloc(maps.list, capacity * sizeof(*more));
			if (!more) {
				free(m.path);
				r = -ENOMEM;
				break;
			}
			maps.list = more;
		}
		maps.list[maps.n++] = m;
	}
	free(text);
	if (r)
		proc_maps_free(&maps);
	else
		*ret_m = maps;
	return r;
}

void proc_maps_free(struct proc_maps *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->list[i].path);
	free(m->list);
	m->list = NULL;
	m->n = 0;
}

int proc_map_open(pid_t pid, const struct proc_map *m, char *path, size_t size, struct stat *ret_st)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, fd, r;

	snprintf(path, size, "/proc/%d/map_files/%lx-%lx", pid, (unsigned long)m->start,
		 (unsigned long)m->end);
	fd = open(path, flags);
	if (fd < 0) {
		r = snprintf(path, size, "/proc/%d/root%s", pid, m->path);
		if (r < 0 || (size_t)r >= size)
			return -ENAMETOOLONG;
		fd = open(path, flags);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_st) || !S_ISREG(ret_st->st_mode) || ret_st->st_ino != m->inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}
