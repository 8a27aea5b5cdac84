/* Invariant: nothing of the path is trusted; every part is cut to its room and made printable. */
#include "user/target/container.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/proc_maps.h"

#define CGROUP_MAX 65536
#define ID_LENGTH 64 /* hexadecimal digits of a container's id, of which people use SHORT_ID */
#define SHORT_ID 12

/* Whose container it is: what stands before the id in its part of the path, or above it. */
static const struct {
	const char *text;
	const char *manager;
} managers[] = {
	{ "cri-containerd", "containerd" },
	{ "crio", "crio" },
	{ "libpod", "podman" },
	{ "podman", "podman" },
	{ "docker", "docker" },
	{ "containerd", "containerd" },
	{ "kubepods", "kubepods" },
	{ "garden", "garden" },
	{ "ecs", "ecs" },
};

/* How much line "N:CONTROLLERS:PATH" tells: version 2's and systemd's most, the root nothing. */
static int rank_of(const char *line, size_t path_len)
{
	const char *controllers = strchr(line, ':') + 1;

	if (path_len <= 1)
		return 0;
	return *controllers == ':' || !strncmp(controllers, "name=systemd:", 13) ? 2 : 1;
}

/* The path of the line that tells most. */
static const char *best_path(const char *text, size_t *ret_len)
{
	const char *best = NULL, *line = text, *end, *path;
	int best_rank = -1, rank;

	for (; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		path = memchr(line, ':', (size_t)(end - line));
		path = path ? memchr(path + 1, ':', (size_t)(end - path - 1)) : NULL;
		if (!path || path[1] != '/')
			continue;
		path++;
		rank = rank_of(line, (size_t)(end - path));
		if (rank > best_rank) {
			best = path;
			*ret_len = (size_t)(end - path);
			best_rank = rank;
		}
	}
	return best;
}

/* Where ID_LENGTH hexadecimal digits, and no more of them, stand in @s; NULL: nowhere. */
static const char *find_id(const char *s)
{
	size_t run = 0;

	for (; *s; s++) {
		run = isxdigit((unsigned char)*s) ? run + 1 : 0;
		if (run == ID_LENGTH && !isxdigit((unsigned char)s[1]))
			return s - ID_LENGTH + 1;
	}
	return NULL;
}

/* The manager named nearest before @id. */
static const char *manager_of(const char *path, const char *id)
{
	const char *nearest = NULL, *name = "container", *at;

	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		for (at = strstr(path, managers[i].text); at && at < id;
		     at = strstr(at + 1, managers[i].text)) {
			/* "containerd" is a part of "cri-containerd", which is listed first. */
			if (nearest && at <= nearest + strlen("cri-"))
				continue;
			nearest = at;
			name = managers[i].manager;
		}
	}
	return name;
}

/* @s up to the end of its part of the path, into @to. */
static void copy_part(char *to, size_t size, const char *prefix, const char *s)
{
	snprintf(to, size, "%s%.*s", prefix, (int)strcspn(s, "/"), s);
}

static void cut_suffix(char *s, const char *suffix)
{
	size_t len = strlen(s), end = strlen(suffix);

	if (len > end && !strcmp(s + len - end, suffix))
		s[len - end] = '\0';
}

static void find_name(struct container *c)
{
	static const char *const lxc[] = { "/lxc.payload.", "/lxc.payload/", "/lxc/" };
	const char *id = find_id(c->cgroup), *at;

	if (id) {
		snprintf(c->name, sizeof(c->name), "%s:%.*s", manager_of(c->cgroup, id), SHORT_ID,
			 id);
		return;
	}
	for (size_t i = 0; i < sizeof(lxc) / sizeof(lxc[0]); i++) {
		at = strstr(c->cgroup, lxc[i]);
		if (at) {
			copy_part(c->name, sizeof(c->name), "lxc:", at + strlen(lxc[i]));
			return;
		}
	}
	at = strstr(c->cgroup, "/systemd-nspawn@");
	if (at) {
		copy_part(c->name, sizeof(c->name), "nspawn:", at + strlen("/systemd-nspawn@"));
		cut_suffix(c->name, ".service");
		return;
	}
	at = strstr(c->cgroup, "/machine.slice/machine-");
	if (at) {
		copy_part(c->name, sizeof(c->name),
			  "machine:", at + strlen("/machine.slice/machine-"));
		cut_suffix(c->name, ".scope");
	}
}

static bool is_unit(const char *part, size_t len)
{
	static const char *const kinds[] = { ".service", ".scope" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len > strlen(kinds[i]) &&
		    !strncmp(part + len - strlen(kinds[i]), kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

/* The innermost service or scope, else the last part. */
static void find_unit(struct container *c)
{
	const char *at = c->cgroup, *unit = NULL, *last = NULL;
	size_t len;

	for (; *at; at += len) {
		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len)
			last = at;
		if (is_unit(at, len))
			unit = at;
	}
	if (unit || last)
		copy_part(c->unit, sizeof(c->unit), "", unit ? unit : last);
}

bool container_parse(const char *text, struct container *ret_c)
{
	const char *path;
	size_t len = 0;

	memset(ret_c, 0, sizeof(*ret_c));
	path = best_path(text, &len);
	if (!path)
		return false;
	if (len >= sizeof(ret_c->cgroup))
		len = sizeof(ret_c->cgroup) - 1;
	memcpy(ret_c->cgroup, path, len);
	str_printable(ret_c->cgroup);
	find_name(ret_c);
	find_unit(ret_c);
	str_printable(ret_c->name); /* a character may have been cut in two */
	str_printable(ret_c->unit);
	return true;
}

int container_read(pid_t pid, struct container *ret_c)
{
	char *text;
	int r = proc_read_file(pid, "cgroup", CGROUP_MAX, &text, NULL);

	memset(ret_c, 0, sizeof(*ret_c));
	if (r)
		return r;
	if (!container_parse(text, ret_c))
		r = -ENOENT;
	free(text);
	return r;
}
