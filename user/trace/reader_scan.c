/*
 * Every file of a recording, packet by packet, before libbabeltrace2 sees any of it.
 *
 * A file is read into memory, so that what is checked is what is copied.  Behind a damaged packet,
 * the next one is looked for.  Good packets go on where the last good one ended: in number, time
 * and lost events; one that does not is left out, too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/str.h"
#include "user/trace/reader_private.h"

/*
 * Packets that libbabeltrace2 gets to see at once, if they are in several files: merging the files'
 * lists of packets takes it the square of their number.
 */
#define BATCH_PACKETS 10000

struct scan {
	struct trace_reader *r;
	int dir;
	struct checker checker;
	u32 *files; /* owned; numbers, ascending */
	size_t nfiles, room;
	bool foreign; /* other files are in the directory */
	/* the file at hand */
	char name[TRACE_FILE_NAME_SIZE];
	u8 *bytes; /* owned */
	size_t size, bytes_room;
	struct range *ranges; /* owned; what is good of it */
	size_t nranges, ranges_room;
	bool clean; /* all of it is good */
	/* across the files */
	struct packet_facts last; /* good packet; if r->packets */
	u64 damaged; /* places since then */
};

static void damage(struct scan *s, size_t offset, const char *what)
{
	struct damage *d = &s->r->damage;
	char *line = NULL;

	if (d->count == DAMAGE_MAX ||
	    asprintf(&line, "%s/%s: offset %zu: %s", s->r->directory, s->name, offset, what) < 0)
		d->more++;
	else
		d->lines[d->count++] = line;
}

/* A last line for what has none. */
static void damage_end(struct damage *d)
{
	char *line = NULL;

	if (d->more && asprintf(&line, "and %" PRIu64 " more places", d->more) >= 0)
		d->lines[d->count++] = line;
	for (size_t i = 0; i < d->count; i++)
		str_printable(d->lines[i]);
}

static int out_of_memory(const struct scan *s, struct err *e)
{
	return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", s->r->directory);
}

/* Make room for one more in the array *@p. */
static bool grow(void **p, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *new;

	if (count < *room)
		return true;
	new = reallocarray(*p, more, size);
	if (!new)
		return false;
	*p = new;
	*room = more;
	return true;
}

static int by_number(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

/* Which files there are. */
static int list_files(struct scan *s, struct err *e)
{
	/* a descriptor of its own: closedir() closes it */
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	u32 number;

	if (!dir) {
		err = errf(e, GS_EXIT_FAILED, -errno, "%s: %s; check the path and its permissions",
			   s->r->directory, strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	while ((entry = readdir(dir)) && !err) {
		if (!trace_file_number(entry->d_name, &number)) {
			/* libbabeltrace2 passes over those with a dot, too */
			if (*entry->d_name != '.' && strcmp(entry->d_name, "metadata") != 0)
				s->foreign = true;
		} else if (grow((void **)&s->files, s->nfiles, &s->room, sizeof(u32))) {
			s->files[s->nfiles++] = number;
		} else {
			err = out_of_memory(s, e);
		}
	}
	closedir(dir);
	if (s->nfiles)
		qsort(s->files, s->nfiles, sizeof(u32), by_number);
	return err;
}

/* The contents of @fd, which has @size bytes, into s->bytes; what is wrong with them. */
static const char *load_contents(struct scan *s, int fd, u64 size)
{
	size_t want = size < TRACE_FILE_MAX ? size : TRACE_FILE_MAX;
	ssize_t n = 1;

	if (want > s->bytes_room) {
		free(s->bytes);
		s->bytes = malloc(want);
		s->bytes_room = s->bytes ? want : 0;
		if (!s->bytes)
			return strerror(ENOMEM);
	}
	while (s->size < want && n) {
		n = read(fd, s->bytes + s->size, want - s->size);
		if (n < 0 && errno != EINTR)
			return strerror(errno);
		s->size += n > 0 ? (size_t)n : 0;
	}
	return size > want ? "larger than files of a recording are" : NULL;
}

/* The file at hand into memory, at most TRACE_FILE_MAX of it; what is wrong with it. */
static const char *load(struct scan *s)
{
	int fd = openat(s->dir, s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *wrong = "not a file";
	struct stat st;

	s->size = 0;
	if (fd < 0)
		return errno == ELOOP ? "a symbolic link" : strerror(errno);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		wrong = load_contents(s, fd, (u64)st.st_size);
	close(fd);
	return wrong;
}

static int add_gap(struct scan *s, u64 begin_ns, u64 end_ns, u64 count, struct err *e)
{
	struct trace_reader *r = s->r;

	if (!grow((void **)&r->gaps, r->ngaps, &r->room, sizeof(*r->gaps)))
		return out_of_memory(s, e);
	r->gaps[r->ngaps++] = (struct gap) {
		.before = r->packets, .begin_ns = begin_ns, .end_ns = end_ns, .count = count
	};
	return 0;
}

/* Why packet @f cannot come behind the last good one; NULL if it can. */
static const char *misplaced(const struct scan *s, const struct packet_facts *f)
{
	if (!s->r->packets)
		return NULL;
	if (f->seq <= s->last.seq)
		return "a packet is out of order";
	if (f->begin_ns < s->last.end_ns)
		return "a packet begins before the one before it ends";
	if (f->discarded < s->last.discarded)
		return "a packet's lost events are fewer than before";
	return NULL;
}

/* Packet @f at @offset is good; tell what is missing before it. */
static int accept(struct scan *s, size_t offset, const struct packet_facts *f, struct err *e)
{
	struct trace_reader *r = s->r;
	u64 missing = r->packets ? f->seq - s->last.seq - 1 : s->damaged;
	u64 begin_ns = r->packets ? s->last.end_ns : f->begin_ns;

	if (missing) {
		if (!s->damaged)
			damage(s, offset, "packets before this place are missing");
		if (add_gap(s, begin_ns, f->begin_ns, missing, e))
			return -ENOMEM;
	}
	if (s->nranges &&
	    s->ranges[s->nranges - 1].offset + s->ranges[s->nranges - 1].size == offset) {
		s->ranges[s->nranges - 1].size += f->size;
	} else {
		if (!grow((void **)&s->ranges, s->nranges, &s->ranges_room, sizeof(struct range)))
			return out_of_memory(s, e);
		s->ranges[s->nranges++] = (struct range) { offset, f->size };
	}
	if (!r->packets)
		r->begin_ns = f->begin_ns;
	r->packets++;
	r->end_ns = f->end_ns;
	s->last = *f;
	s->damaged = 0;
	return 0;
}

static void bad_packet(struct scan *s, size_t offset, const char *what)
{
	s->clean = false;
	s->damaged++;
	damage(s, offset, what);
}

/*
 * The packets in memory.  Who makes a file on purpose could let us work out the checksums of
 * packets within packets for hours: after twice the file's size in vain, the rest is left out.
 */
static int scan_packets(struct scan *s, struct err *e)
{
	size_t at = 0, patience = 2 * s->size + TRACE_PACKET_MAX;
	const char *wrong, *place;
	struct packet_facts facts;

	while (at < s->size) {
		wrong = checker_packet(&s->checker, s->bytes + at, s->size - at, &facts);
		place = wrong ? NULL : misplaced(s, &facts);
		if (!wrong && !place && accept(s, at, &facts, e))
			return -ENOMEM;
		if (wrong || place)
			bad_packet(s, at, wrong ? wrong : place);
		if (!wrong) {
			at += facts.size;
			continue;
		}
		if (facts.crc_bytes > patience) {
			damage(s, at, "too much is damaged; the rest is left out");
			break;
		}
		patience -= facts.crc_bytes;
		at += checker_next(&s->checker, s->bytes + at, s->size - at);
	}
	return 0;
}

/*
 * Make the view ready for file number @i with @n packets.  If there is none yet, the files before
 * it were clean: they go there, too.
 */
static int prepare_view(struct scan *s, size_t i, u64 n, struct err *e)
{
	struct view *v = &s->r->view;
	char name[TRACE_FILE_NAME_SIZE];
	int err = 0;

	if (!v->path) {
		err = view_begin(v, s->r->metadata, e);
		for (size_t k = 0; k < i && !err; k++) {
			trace_file_name(s->files[k], name);
			err = view_link(v, s->r->path, name, e);
		}
		v->packets = s->r->packets - n;
	}
	if (!err && n && v->packets && v->packets + n > BATCH_PACKETS)
		err = view_batch(v, e);
	v->packets += n;
	return err;
}

static int scan_file(struct scan *s, size_t i, struct err *e)
{
	u64 before = s->r->packets;
	const char *wrong;
	bool copy;
	int err;

	trace_file_name(s->files[i], s->name);
	s->nranges = 0;
	wrong = load(s);
	s->clean = !wrong && s->size;
	err = scan_packets(s, e);
	if (err)
		return err;
	if (wrong) {
		damage(s, s->size, wrong);
		s->damaged++;
	}
	/* without its end, the recording may be growing while it is read */
	s->r->complete = s->r->packets && s->last.ends;
	copy = !s->clean || (i + 1 == s->nfiles && !s->r->complete);
	if (!s->r->view.path && !copy && !s->foreign && (!i || s->r->packets <= BATCH_PACKETS))
		return 0;
	err = prepare_view(s, i, s->r->packets - before, e);
	if (err || !s->nranges)
		return err;
	if (!copy)
		return view_link(&s->r->view, s->r->path, s->name, e);
	return view_copy(&s->r->view, s->name, s->bytes, s->ranges, s->nranges, e);
}

static int scan_all(struct scan *s, struct err *e)
{
	int err = list_files(s, e);

	for (size_t i = 0; i < s->nfiles && !err; i++)
		err = scan_file(s, i, e);
	if (!err && !s->r->packets)
		err = errf(e, GS_EXIT_FAILED, -ENODATA, "%s; nothing in it can be read",
			   s->r->damage.count ? s->r->damage.lines[0] : s->r->directory);
	/* nothing comes behind the END event that could be missing */
	if (!err && s->damaged && !s->r->complete)
		err = add_gap(s, s->r->end_ns, s->r->end_ns, s->damaged, e);
	return err;
}

int reader_scan(struct trace_reader *r, int fd, struct err *e)
{
	struct scan s = { .r = r, .dir = fd };
	int err;

	checker_init(&s.checker, r->info.format, r->uuid);
	err = scan_all(&s, e);
	damage_end(&r->damage);
	free(s.files);
	free(s.bytes);
	free(s.ranges);
	return err;
}
