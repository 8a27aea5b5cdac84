/*
 * A recording, open for reading; see reader.h, and reader_private.h for the parts.
 *
 *   trace_open: metadata compared, packets checked -> { trace_read: libbabeltrace2 } * ->
 * trace_close
 */
#include "user/trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/str.h"
#include "user/trace/metadata.h"
#include "user/trace/reader_private.h"

/* All of a file into @buf, @size bytes at most: how many, or a negative errno. */
static ssize_t read_file(int fd, char *buf, size_t size)
{
	size_t used = 0;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (used < size) {
		n = read(fd, buf + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* The metadata's text. */
static int load_metadata(int dir, char **ret_text)
{
	int fd = openat(dir, "metadata", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text;
	ssize_t n;

	if (fd < 0)
		return -errno;
	text = malloc(TRACE_METADATA_MAX + 1);
	n = text ? read_file(fd, text, TRACE_METADATA_MAX + 1) : -ENOMEM;
	close(fd);
	if (n > TRACE_METADATA_MAX)
		n = -EFBIG;
	if (n >= 0)
		text[n] = 0;
	/* what is behind a NUL would not be compared, but libbabeltrace2 could see it */
	if (n >= 0 && strlen(text) != (size_t)n)
		n = -EBADMSG;
	if (n < 0) {
		free(text);
		return (int)n;
	}
	*ret_text = text;
	return 0;
}

static int open_metadata(struct trace_reader *r, int dir, struct err *e)
{
	char file[4096];
	int err;

	snprintf(file, sizeof(file), "%s/metadata", r->directory);
	err = load_metadata(dir, &r->metadata);
	if (err == -ENOENT)
		return errf(e, GS_EXIT_FAILED, err,
			    "%s: has no metadata file; give the directory of a recording",
			    r->directory);
	if (err)
		return errf(e, GS_EXIT_FAILED, err, "%s: %s; give the directory of a recording",
			    file, strerror(-err));
	return metadata_parse(file, r->metadata, &r->info, r->uuid, e);
}

static int open_reader(struct trace_reader *r, const char *directory, struct err *e)
{
	int fd, err;

	r->directory = strdup(directory);
	r->info.directory = strdup(directory);
	if (!r->directory || !r->info.directory)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", directory);
	str_printable((char *)r->info.directory);
	r->path = realpath(directory, NULL);
	fd = r->path ? open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return errf(e, GS_EXIT_FAILED, -errno, "%s: %s; give the directory of a recording",
			    directory, strerror(errno));
	err = open_metadata(r, fd, e);
	if (!err)
		err = graph_plugin(&r->plugin, e);
	if (!err)
		err = reader_scan(r, fd, e);
	close(fd);
	return err;
}

int trace_open(const char *directory, struct trace_reader **ret_r, struct err *e)
{
	struct trace_reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", directory);
	r->view.fd = -1;
	err = open_reader(r, directory, e);
	if (err) {
		trace_close(r);
		return err;
	}
	*ret_r = r;
	return 0;
}

const struct trace_info *trace_info(const struct trace_reader *r)
{
	return &r->info;
}

void trace_range(const struct trace_reader *r, u64 *ret_begin_ns, u64 *ret_end_ns)
{
	*ret_begin_ns = r->begin_ns;
	*ret_end_ns = r->end_ns;
}

bool trace_can_read(void)
{
	const struct bt_plugin *plugin;

	if (graph_plugin(&plugin, NULL))
		return false;
	graph_plugin_put(plugin);
	return true;
}

const char *trace_damage(const struct trace_reader *r, size_t i)
{
	return i < r->damage.count ? r->damage.lines[i] : NULL;
}

bool trace_complete(const struct trace_reader *r)
{
	return r->complete;
}

/* Batch after batch, if there are any. */
static int read_batches(const struct trace_reader *r, struct pass *p, struct err *e)
{
	char *path;
	int err = 0;

	if (!r->view.path)
		return graph_run(r->plugin, r->path, p, e);
	for (u32 i = 0; i < r->view.batches && !err && !p->result; i++) {
		if (asprintf(&path, "%s/" VIEW_BATCH_NAME, r->view.path, i) < 0)
			return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some",
				    r->directory);
		err = graph_run(r->plugin, path, p, e);
		free(path);
	}
	return err;
}

int trace_read(struct trace_reader *r, const struct trace_sink *sink, struct err *e)
{
	struct pass *p;
	int err;

	err = sink->begin ? sink->begin(sink->ctx, &r->info) : 0;
	if (err)
		return err;
	p = calloc(1, sizeof(*p));
	if (p)
		p->table = table_new();
	if (!p || !p->table) {
		free(p);
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some",
			    r->directory);
	}
	p->reader = r;
	p->sink = sink;
	p->e = e;
	err = read_batches(r, p, e);
	if (!err && !p->result)
		pass_end(p);
	if (!err)
		err = p->result;
	if (err == -EINTR)
		errf(e, GS_EXIT_FAILED, err, "%s: interrupted", r->directory);
	table_free(p->table);
	free(p);
	return err;
}

struct trace_reader *trace_close(struct trace_reader *r)
{
	if (!r)
		return NULL;
	view_remove(&r->view);
	graph_plugin_put(r->plugin);
	metadata_free(&r->info);
	for (size_t i = 0; i < r->damage.count; i++)
		free(r->damage.lines[i]);
	free(r->gaps);
	free(r->metadata);
	free(r->path);
	free((void *)r->info.directory);
	free(r->directory);
	free(r);
	return NULL;
}
