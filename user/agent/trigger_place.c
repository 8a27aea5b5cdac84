/* Making, naming and removing recordings; see trigger_place.h. */
#include "user/agent/trigger_place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "user/base/clock.h"

#define NS 1000000000ULL
#define LIST_MAX 4096 /* recordings looked at: more than there are ever to be */
#define TIME_DIGITS "dddddddd-dddddd.dddddd-" /* what a name begins with */

struct one {
	char name[TRIGGER_NAME];
	u64 made_ns; /* since 1970 */
	u64 bytes;
};

struct list {
	struct one *items; /* owned */
	size_t count;
};

/* Is it the name of a file of a recording? */
static bool is_file_of_one(const char *name)
{
	return !strcmp(name, "metadata") ||
	       (!strncmp(name, "events_", 7) && strspn(name + 7, "0123456789") == 6 && !name[13]);
}

static bool is_name(const char *name)
{
	for (const char *p = TIME_DIGITS; *p; p++, name++)
		if (*p == 'd' ? !isdigit((unsigned char)*name) : *name != *p)
			return false;
	return strlen(name) + strlen(TIME_DIGITS) < TRIGGER_NAME;
}

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

/* The next entry but "." and ".."; NULL: none. */
static const char *next_entry(DIR *dir)
{
	const struct dirent *entry;

	do {
		entry = readdir(dir);
	} while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	return entry ? entry->d_name : NULL;
}

/* Bytes and time of recording @name; -EINVAL: it is none of ours, or not only. */
static int measure(const struct trigger_place *p, const char *name, struct one *ret_one)
{
	DIR *dir = open_folder(p->fd, name);
	const char *file;
	struct stat st;
	int err = 0;

	if (!dir)
		return -errno;
	*ret_one = (struct one) {};
	if (fstat(dirfd(dir), &st) || st.st_uid != geteuid())
		err = -EINVAL;
	ret_one->made_ns = (u64)st.st_mtim.tv_sec * NS + (u64)st.st_mtim.tv_nsec;
	while (!err && (file = next_entry(dir))) {
		if (!is_file_of_one(file) || fstatat(dirfd(dir), file, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			err = -EINVAL;
		else
			ret_one->bytes += (u64)st.st_size;
	}
	closedir(dir);
	snprintf(ret_one->name, sizeof(ret_one->name), "%s", name);
	return err;
}

/* A recording, its metadata last: as long as that is there it is known for one. */
static int remove_one(const struct trigger_place *p, const char *name)
{
	DIR *dir = open_folder(p->fd, name);
	const char *file;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (file = next_entry(dir)))
		if (is_file_of_one(file) && strcmp(file, "metadata") != 0 &&
		    unlinkat(dirfd(dir), file, 0))
			err = -errno;
	if (!err && unlinkat(dirfd(dir), "metadata", 0) && errno != ENOENT)
		err = -errno;
	closedir(dir);
	return err || !unlinkat(p->fd, name, AT_REMOVEDIR) ? err : -errno;
}

/* The oldest first. */
static int compare(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->made_ns != y->made_ns)
		return x->made_ns < y->made_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int look(const struct trigger_place *p, struct list *ret_list)
{
	DIR *dir = open_folder(p->fd, ".");
	const char *name;
	int err = 0;

	*ret_list = (struct list) {};
	if (!dir)
		return -errno;
	while (!err && ret_list->count < LIST_MAX && (name = next_entry(dir))) {
		size_t n = ret_list->count;
		struct one *more;

		if (!is_name(name))
			continue;
		more = realloc(ret_list->items, (n + 1) * sizeof(*more));
		ret_list->items = more ? more : ret_list->items;
		err = more ? 0 : -ENOMEM;
		ret_list->count += more && !measure(p, name, &more[n]);
	}
	closedir(dir);
	if (ret_list->count)
		qsort(ret_list->items, ret_list->count, sizeof(struct one), compare);
	return err;
}

/* Leave at most so many recordings, of so many bytes, none too old. */
static int reduce(struct trigger_place *p, u64 most, u64 most_bytes)
{
	u64 now = clock_real_ns();
	struct list l;
	int err = look(p, &l);

	p->bytes = 0;
	p->count = l.count;
	for (size_t i = 0; i < l.count; i++)
		p->bytes += l.items[i].bytes;
	for (size_t i = 0; i < l.count && !err; i++) {
		const struct one *o = &l.items[i];

		if (p->count <= most && p->bytes <= most_bytes &&
		    (o->made_ns > now || now - o->made_ns <= p->config->max_age_ns))
			break;
		err = remove_one(p, o->name);
		if (err)
			break;
		p->bytes -= o->bytes;
		p->count--;
		p->removed++;
	}
	free(l.items);
	return err;
}

int trigger_place_tidy(struct trigger_place *p)
{
	return reduce(p, p->config->max_recordings, p->config->max_bytes);
}

/* Why the open folder cannot be used; NULL: it can. */
static const char *unfit(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (st.st_uid != geteuid())
		return "belongs to somebody else; choose another directory";
	return st.st_mode & 022 ? "others may write in it; chmod 700" : NULL;
}

int trigger_place_open(struct trigger_place *p, const struct agent_config *c, struct err *e)
{
	const char *path = c->trigger_directory, *why;
	int err;

	*p = (struct trigger_place) { .config = c, .fd = -1 };
	if (mkdir(path, 0700) && errno != EEXIST)
		return errf(e, GS_EXIT_FAILED, -errno,
			    "%s: %s; make the directory it shall be in, or choose another", path,
			    strerror(errno));
	p->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return errf(e, GS_EXIT_FAILED, -errno, "%s: %s; choose another directory", path,
			    strerror(errno));
	why = unfit(p->fd);
	if (why)
		err = errf(e, GS_EXIT_USAGE, -EPERM, "%s: %s", path, why);
	else if (flock(p->fd, LOCK_EX | LOCK_NB))
		err = errf(e, GS_EXIT_FAILED, -EBUSY,
			   "%s: another agent uses it; choose another directory", path);
	else
		err = remove_one(p, TRIGGER_PARTIAL) ?: trigger_place_tidy(p);
	if (err) {
		errf(e, GS_EXIT_FAILED, err, "%s: cannot be tidied (%s)", path, strerror(-err));
		trigger_place_close(p);
	}
	return err;
}

int trigger_place_begin(struct trigger_place *p, u64 bytes, char *path, struct err *e)
{
	const struct agent_config *c = p->config;
	int err = remove_one(p, TRIGGER_PARTIAL);

	snprintf(path, CONFIG_TEXT + 16, "%s/" TRIGGER_PARTIAL, c->trigger_directory);
	if (!err)
		err = reduce(p, c->max_recordings - 1,
			     bytes < c->max_bytes ? c->max_bytes - bytes : 0);
	return err ? errf(e, GS_EXIT_FAILED, err, "%s: no room can be made (%s)",
			  c->trigger_directory, strerror(-err))
		   : 0;
}

/* Add @text, cut, to a name: nothing that a shell or a terminal would take for something else. */
static void add(char *name, const char *text)
{
	size_t at = strlen(name), end = at + 48;

	for (; *text && at < end && at + 1 < TRIGGER_NAME; text++)
		name[at++] = isalnum((unsigned char)*text) || strchr("._-", *text) ? *text : '_';
	name[at] = '\0';
}

void trigger_place_name(char ret_name[TRIGGER_NAME], u64 unix_ns, const char *cause,
			const char *service, const char *process, u32 pid)
{
	const time_t seconds = (time_t)(unix_ns / NS);
	const char *const parts[] = { cause, "-", service, "-", process, "-" };
	struct tm tm;
	char last[24];

	*ret_name = '\0';
	if (gmtime_r(&seconds, &tm))
		strftime(ret_name, TRIGGER_NAME, "%Y%m%d-%H%M%S", &tm);
	snprintf(last, sizeof(last), ".%06u-", (u32)(unix_ns % NS / 1000));
	add(ret_name, last);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		add(ret_name, parts[i]);
	snprintf(last, sizeof(last), "%u", pid);
	add(ret_name, last);
}

int trigger_place_finish(struct trigger_place *p, const char *name, struct err *e)
{
	const struct agent_config *c = p->config;
	struct one made;
	int err = measure(p, TRIGGER_PARTIAL, &made);

	if (!err && made.bytes > c->max_bytes)
		err = -EFBIG;
	if (!err && renameat(p->fd, TRIGGER_PARTIAL, p->fd, name))
		err = -errno;
	if (err) {
		trigger_place_abandon(p);
		return errf(e, GS_EXIT_FAILED, err, "%s/%s: %s", c->trigger_directory, name,
			    err == -EFBIG ? "larger than max_bytes; lower memory or last"
					  : strerror(-err));
	}
	(void)trigger_place_tidy(p); /* its age, and what it has more than was thought */
	return 0;
}

void trigger_place_abandon(struct trigger_place *p)
{
	(void)remove_one(p, TRIGGER_PARTIAL);
}

void trigger_place_close(struct trigger_place *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
