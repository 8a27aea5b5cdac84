/*
 * Reading a recording, with libbabeltrace2.
 *
 * What libbabeltrace2 gets to see has been checked: the metadata must be, but for its env, what
 * this program writes for that version of the format; every packet must be whole, in order and have
 * the right CRC.  What fails the check is left out and told as LOST events of cause
 * "recording_damaged", with the time it covered; the rest is read.
 */
#ifndef GS_USER_TRACE_READER_H
#define GS_USER_TRACE_READER_H

#include "user/base/err.h"
#include "user/model/trace.h"

struct trace_reader;

/*
 * trace_open - check the recording in @directory
 *
 * Return: 0 or a negative errno, @e set (exit code 1): not a recording, of a newer format, nothing
 * readable.  A damaged recording of which something can be read is 0.
 */
int trace_open(const char *directory, struct trace_reader **ret_r, struct err *e);

const struct trace_info *trace_info(const struct trace_reader *r);

/* Times of the first packet's beginning and of the last event, CLOCK_MONOTONIC ns. */
void trace_range(const struct trace_reader *r, u64 *ret_begin_ns, u64 *ret_end_ns);

/* What is damaged, each a line naming file and offset: NULL ends. */
const char *trace_damage(const struct trace_reader *r, size_t i);

/* The recording has its END event: it was not broken off.  Known after a trace_read(). */
bool trace_complete(const struct trace_reader *r);

/*
 * trace_read - hand every event to @sink; may be called again for another pass
 *
 * LATE events are worked in: the event after it has its true time, and so may be a little earlier
 * than the one before.  The events of one thread are in order all the same.
 *
 * Return: 0; what a sink's function returned; or a negative errno with @e set, when
 * libbabeltrace2 gives up: what came before has been handed out.
 */
int trace_read(struct trace_reader *r, const struct trace_sink *sink, struct err *e);

/* Can libbabeltrace2 read CTF here: is its plugin installed? */
bool trace_can_read(void);

/*
 * From now on SIGINT, SIGTERM and SIGHUP end a trace_read() with -EINTR, so that what it made is
 * removed; a second one ends the program; those that are ignored stay ignored.  A file that is made
 * shorter while libbabeltrace2 has it mapped ends the program as well, with exit code 1 and a line
 * that says so.
 */
void trace_watch_signals(void);

/* NULL is fine.  Returns NULL. */
struct trace_reader *trace_close(struct trace_reader *r);

#endif
