/*
 * The cache of layouts.  A file is text, a line per field: "NAME VALUE".  Invariant: only a file
 * that names every field, and only those, in their order, is believed.
 */
#include "user/target/layout_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/target/layout_fields.h"

#define CACHE_DIR "/var/cache/gilscope"
#define FIRST_LINE "gilscope layout 1\n" /* another meaning of a field: another number */
#define FILES_MAX 1000

/* Ours, and nobody else's to write? */
static bool trusted(int fd, mode_t type)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & 022);
}

static int open_dir(bool make)
{
	const char *dir = getenv("GILSCOPE_CACHE");
	int fd;

	if (!dir)
		dir = CACHE_DIR;
	if (!*dir)
		return -1;
	if (make && mkdir(dir, 0700) && errno != EEXIST)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !trusted(fd, S_IFDIR)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool is_id(const char *id)
{
	size_t n = id ? strlen(id) : 0;

	return n && n <= LAYOUT_CACHE_ID_MAX && strspn(id, "0123456789abcdef") == n;
}

static bool read_values(FILE *f, u32 *values)
{
	char line[128], name[64], end;
	size_t i;

	if (!fgets(line, sizeof(line), f) || strcmp(line, FIRST_LINE))
		return false;
	for (i = 0; i < LAYOUT_FIELDS; i++) {
		if (!fgets(line, sizeof(line), f) ||
		    sscanf(line, "%63s %" SCNu32 "%c", name, &values[i], &end) != 3 ||
		    end != '\n' || strcmp(name, layout_fields[i].name))
			return false;
	}
	return !fgets(line, sizeof(line), f);
}

int layout_cache_get(const char *id, struct py_layout *l)
{
	int dir = is_id(id) ? open_dir(false) : -1, fd;
	u32 values[LAYOUT_FIELDS];
	FILE *f = NULL;
	bool ok;
	size_t i;

	if (dir < 0)
		return -ENOENT;
	fd = openat(dir, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	close(dir);
	if (fd >= 0 && trusted(fd, S_IFREG))
		f = fdopen(fd, "r");
	if (!f) {
		if (fd >= 0)
			close(fd);
		return -ENOENT;
	}
	ok = read_values(f, values);
	fclose(f);
	for (i = 0; ok && i < LAYOUT_FIELDS; i++)
		layout_field_set(l, i, values[i]);
	return ok ? 0 : -ENOENT;
}

static bool write_values(int fd, const struct py_layout *l)
{
	FILE *f = fdopen(fd, "w");
	size_t i;

	if (!f) {
		close(fd);
		return false;
	}
	fputs(FIRST_LINE, f);
	for (i = 0; i < LAYOUT_FIELDS; i++)
		fprintf(f, "%s %" PRIu32 "\n", layout_fields[i].name, layout_field(l, i));
	i = (size_t)ferror(f);
	return !fclose(f) && !i;
}

/* Containers come and go, and files with them: when there are too many begin anew. */
static void make_room(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t n = 0;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return;
	while ((entry = readdir(d)))
		n += is_id(entry->d_name);
	rewinddir(d);
	while (n >= FILES_MAX && (entry = readdir(d)))
		if (is_id(entry->d_name))
			unlinkat(dir, entry->d_name, 0);
	closedir(d);
}

int layout_cache_file_id(const char *build_id, int fd, char ret_id[LAYOUT_CACHE_ID_MAX + 1])
{
	struct stat st;
	int n;

	if (fstat(fd, &st))
		return -ENOENT;
	n = snprintf(ret_id, LAYOUT_CACHE_ID_MAX + 1, "%s%016llx%016llx%016llx%016llx%016llx",
		     build_id ? build_id : "", (unsigned long long)st.st_dev,
		     (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
		     (unsigned long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		     (unsigned long long)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec);
	return n > 0 && n <= LAYOUT_CACHE_ID_MAX ? 0 : -ENOENT;
}

void layout_cache_put(const char *id, const struct py_layout *l)
{
	int dir = is_id(id) ? open_dir(true) : -1, fd;
	char fresh[LAYOUT_CACHE_ID_MAX + 32];

	if (dir < 0)
		return;
	make_room(dir);
	/* A file appears whole or not at all, whoever else writes it. */
	snprintf(fresh, sizeof(fresh), ".%s.%d", id, (int)getpid());
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && (!write_values(fd, l) || renameat(dir, fresh, dir, id)))
		unlinkat(dir, fresh, 0);
	close(dir);
}
