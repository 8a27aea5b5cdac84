/*
 * The reader's inside: what trace_open() finds out, and who uses it.
 *
 *   reader.c           open, read, close
 *   reader_metadata.c  the metadata: values out, all else compared
 *   reader_check.c     one packet: whole, undamaged, its events well-formed
 *   reader_scan.c      all files: which packets are good, where some are missing
 *   reader_view.c      what libbabeltrace2 reads where the directory itself will not do
 *   reader_graph.c     libbabeltrace2, the one file that runs it
 *   reader_event.c     its events as struct event, late ones and gaps worked in
 *   reader_table.c     threads and processes, by the events about them
 */
#ifndef GS_USER_TRACE_READER_PRIVATE_H
#define GS_USER_TRACE_READER_PRIVATE_H

#include <stddef.h>

#include "user/base/err.h"
#include "user/model/trace.h"
#include "user/trace/layout.h"
#include "user/trace/reader.h"

/* Lines about damage; the last one tells how many more there are. */
#define DAMAGE_MAX 100

struct damage {
	char *lines[DAMAGE_MAX + 1]; /* owned */
	size_t count; /* of lines */
	u64 more; /* not among them */
};

/* A place among the good packets where others are missing. */
struct gap {
	u64 before; /* good packets that come before it */
	u64 begin_ns, end_ns; /* its neighbours' times */
	u64 count; /* packets */
};

/* A part of a file. */
struct range {
	size_t offset, size;
};

/*
 * A private directory for libbabeltrace2 with batches, recordings each, to be read in turn: links
 * to whole files, copies of what is good in others.
 */
struct view {
	char *path; /* owned; NULL: there is none */
	const char *metadata; /* borrowed; its text */
	u32 batches;
	int fd; /* of the last one */
	u64 packets; /* in the last one */
};

struct bt_plugin;

struct trace_reader {
	char *directory; /* owned; as given */
	char *path; /* owned; absolute */
	char *metadata; /* owned; the text */
	struct trace_info info;
	u8 uuid[16];
	struct damage damage;
	struct gap *gaps; /* owned; ascending */
	size_t ngaps, room;
	u64 packets; /* good ones */
	u64 begin_ns, end_ns;
	bool complete; /* its last event is END */
	struct view view;
	const struct bt_plugin *plugin;
};

/* --- reader_check.c --- */

#define SHAPE_LIMITS 3

/* A number that must be below a limit: it is one of a list. */
struct limit {
	u16 bit; /* offset from the end of the event's header */
	u8 bits; /* 0: no more limits */
	u8 below;
};

/* What an event of a kind looks like: its numbers, then its texts. */
struct shape {
	u16 numbers; /* bytes */
	u16 texts;
	struct limit limits[SHAPE_LIMITS];
};

struct checker {
	u8 uuid[16];
	u32 kinds; /* of the recording's version */
	struct shape shapes[EVENT_KIND_COUNT];
};

struct packet_facts {
	size_t size; /* bytes */
	u64 begin_ns, end_ns;
	u64 seq;
	u64 discarded;
	bool ends; /* its last event is END */
	size_t crc_bytes; /* looked at for the checksum; set also if it is damaged */
};

/* For version @format. */
void checker_init(struct checker *c, u32 format, const u8 uuid[16]);

/* NULL if a good packet begins at @at, @left bytes before the file's end; else what is wrong. */
const char *checker_packet(const struct checker *c, const u8 *at, size_t left,
			   struct packet_facts *ret);

/* Where the next packet may begin in @size bytes at @at, at 1 or later; @size if nowhere. */
size_t checker_next(const struct checker *c, const u8 *at, size_t size);

/* --- reader_scan.c --- */

/* Look at all files of the directory @fd: fills damage, gaps, the range and, if need be, view. */
int reader_scan(struct trace_reader *r, int fd, struct err *e);

/* --- reader_view.c --- */

#define VIEW_BATCH_NAME "%06u"

/* Make it, with a first batch. */
int view_begin(struct view *v, const char *metadata, struct err *e);
/* The next batch: what is added from now on goes there. */
int view_batch(struct view *v, struct err *e);
int view_link(struct view *v, const char *directory, const char *name, struct err *e);
int view_copy(struct view *v, const char *name, const u8 *bytes, const struct range *ranges,
	      size_t n, struct err *e);
/* Remove it; nothing happens if there is none. */
void view_remove(struct view *v);

/* --- reader_table.c --- */

struct table;

struct table *table_new(void);
struct table *table_free(struct table *t); /* NULL is fine; returns NULL */

/* Fill in ev->thread, process and pid; events about either change the table.  0 or -ENOMEM. */
int table_before(struct table *t, struct event *ev);

/* The event has been handed out: forget what has ended. */
void table_after(struct table *t, const struct event *ev);

/* --- reader_signals.c --- */

/* A signal asked for the end. */
bool reader_interrupted(void);

/* --- reader_event.c --- */

/* One pass over the recording. */
struct pass {
	const struct trace_reader *reader;
	const struct trace_sink *sink;
	struct err *e;
	struct table *table;
	u64 packets; /* begun so far */
	size_t gap; /* the next one to tell */
	u64 late_ns; /* of the next event */
	int result; /* what the sink returned; not 0: stop */
	char text[EVENT_TEXTS][TRACE_TEXT_MAX + 1];
};

struct bt_event;

/* Called for each packet's beginning and event.  0, or not: stop; see pass->result. */
int pass_packet(struct pass *p);
int pass_event(struct pass *p, const struct bt_event *bt_ev, u64 ts_ns);

/* All packets have been read. */
int pass_end(struct pass *p);

/* --- reader_graph.c --- */

/* libbabeltrace2's plugin for CTF; give it back with graph_plugin_put(), NULL is fine. */
int graph_plugin(const struct bt_plugin **ret_plugin, struct err *e);
void graph_plugin_put(const struct bt_plugin *plugin);

/* Hand the packets in directory @path to @p, as long as it wants.  0 or a negative errno. */
int graph_run(const struct bt_plugin *plugin, const char *path, struct pass *p, struct err *e);

#endif
