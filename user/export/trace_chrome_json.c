/*
 * Entries of the Trace Event format.  Times are microseconds since the recording began, with
 * three decimals: every nanosecond is kept, also by readers that take them as doubles, as they
 * would not be if they were counted from the machine's start.
 */
#include <string.h>

#include "user/export/trace_chrome.h"

#define PUT(text) out_bytes(c->out, text, sizeof(text) - 1)

static void time_us(struct chrome *c, u64 ts_ns)
{
	u64 from = c->info->started_ns;

	out_decimal(c->out, ts_ns > from ? ts_ns - from : 0, 3);
}

static void other(struct chrome *c, const char *key, const char *text)
{
	PUT(",\n\"");
	out_str(c->out, key);
	PUT("\":");
	out_json(c->out, text);
}

void chrome_open(struct chrome *c)
{
	const struct trace_info *info = c->info;

	PUT("{\"displayTimeUnit\":\"ns\",\n\"otherData\":{\"units\":\"ts and dur in us since the "
	    "beginning of the recording, with ns as decimals; args *_ns in ns\"");
	other(c, "gilscope", info->gilscope);
	other(c, "mode", info->mode);
	other(c, "host", info->host);
	other(c, "kernel", info->kernel);
	other(c, "command", info->command);
	out_printf(c->out, ",\n\"started_unix_ns\":\"%llu\",\n\"started_monotonic_ns\":\"%llu\"",
		   (unsigned long long)info->started_unix_ns, (unsigned long long)info->started_ns);
	/* the one entry without a comma before it */
	out_printf(c->out,
		   "},\n\"traceEvents\":[\n{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,"
		   "\"tid\":0,\"args\":{\"name\":\"the recording\"}}",
		   CHROME_RECORDING);
}

void chrome_close(struct chrome *c)
{
	PUT("\n]}\n");
}

static void head(struct chrome *c, char what, u32 pid, u32 tid)
{
	PUT(",\n{\"ph\":\"");
	out_char(c->out, what);
	PUT("\",\"pid\":");
	out_u64(c->out, pid);
	PUT(",\"tid\":");
	out_u64(c->out, tid);
}

static void timed(struct chrome *c, char what, u32 pid, u32 tid, u64 ts_ns)
{
	head(c, what, pid, tid);
	PUT(",\"ts\":");
	time_us(c, ts_ns);
}

static void named(struct chrome *c, const char *name)
{
	PUT(",\"name\":");
	out_json(c->out, name);
}

void chrome_meta(struct chrome *c, const char *what, u32 pid, u32 tid)
{
	head(c, 'M', pid, tid);
	named(c, what);
}

/* The end of the slices of the row that would be overlapped in part: they began before. */
static u64 behind(const struct chrome_recent *r, u64 begin_ns, u64 end_ns)
{
	for (u32 i = 0; i < CHROME_RECENT; i++)
		if (r->begin_ns[i] < begin_ns && r->end_ns[i] > begin_ns && r->end_ns[i] < end_ns)
			begin_ns = r->end_ns[i];
	return begin_ns;
}

void chrome_slice(struct chrome *c, const struct chrome_row *row, u64 begin_ns, u64 end_ns,
		  const char *name)
{
	u64 from = begin_ns;

	if (row->recent) {
		struct chrome_recent *r = row->recent;

		from = behind(r, begin_ns, end_ns);
		r->begin_ns[r->next] = from;
		r->end_ns[r->next] = end_ns;
		r->next = (r->next + 1) % CHROME_RECENT;
	}
	timed(c, 'X', row->pid, row->tid, from);
	PUT(",\"dur\":");
	out_decimal(c->out, end_ns - from, 3);
	named(c, name);
	if (from != begin_ns)
		chrome_arg_u64(c, "cut_ns", from - begin_ns);
}

void chrome_instant(struct chrome *c, u32 pid, u32 tid, u64 ts_ns, char scope, const char *name)
{
	timed(c, 'i', pid, tid, ts_ns);
	PUT(",\"s\":\"");
	out_char(c->out, scope);
	PUT("\"");
	named(c, name);
}

void chrome_flow(struct chrome *c, char what, u64 id, u32 pid, u32 tid, u64 ts_ns)
{
	timed(c, what, pid, tid, ts_ns);
	if (what == 'f')
		PUT(",\"bp\":\"e\"");
	PUT(",\"id\":");
	out_u64(c->out, id);
	PUT(",\"cat\":\"gil\",\"name\":\"blocks\"}");
}

void chrome_range(struct chrome *c, char what, u64 id, u64 ts_ns, const char *name)
{
	timed(c, what, CHROME_RECORDING, 0, ts_ns);
	PUT(",\"id\":");
	out_u64(c->out, id);
	PUT(",\"cat\":\"lost\"");
	named(c, name);
}

void chrome_counter(struct chrome *c, u32 pid, u64 ts_ns, const char *name)
{
	timed(c, 'C', pid, 0, ts_ns);
	named(c, name);
}

static void key(struct chrome *c, const char *text)
{
	if (c->args)
		PUT(",\"");
	else
		PUT(",\"args\":{\"");
	c->args = true;
	out_str(c->out, text);
	PUT("\":");
}

void chrome_arg_u64(struct chrome *c, const char *k, u64 v)
{
	key(c, k);
	if (v == EVENT_UNKNOWN)
		PUT("null");
	else
		out_u64(c->out, v);
}

void chrome_arg_s64(struct chrome *c, const char *k, s64 v)
{
	key(c, k);
	out_s64(c->out, v);
}

void chrome_arg_true(struct chrome *c, const char *k)
{
	key(c, k);
	PUT("true");
}

void chrome_arg_text(struct chrome *c, const char *k, const char *text)
{
	key(c, k);
	out_json(c->out, text);
}

void chrome_arg_milli(struct chrome *c, const char *k, u64 thousandths)
{
	key(c, k);
	out_decimal(c->out, thousandths, 3);
}

void chrome_entry_end(struct chrome *c)
{
	if (c->args)
		PUT("}");
	c->args = false;
	PUT("}");
}
