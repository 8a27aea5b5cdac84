/*
 * export --to html: one page with the timeline, histograms, tables and longest events.
 *
 * The page is complete in itself: its sources are in user/export/page/, it may load nothing (its
 * own Content-Security-Policy says so), and the recording is in it as data, which no browser
 * executes:
 *
 *   <script type="application/json" id="info">        where and how it was recorded
 *   <script type="application/json" class="who">      processes, threads, names, losses; several
 *   <script type="text/plain" class="events">         events, base64; several
 *   <script type="application/json" id="figures">     the report's figures (gilscope.stat/1)
 *   <script type="application/json" id="histograms">  of all threads together
 *
 * Where the recording has Python stacks, a flame graph comes before the scripts:
 * trace_html_flame.c.
 *
 * An event: u8 kind (low 4 bits) and flags, then varints: number of its thread (or process), time
 * of its end less that of the event before (zigzag), length, and what its kind has besides; see
 * put_details().  Times are ns since the recording began.  Events do not cross from one script to
 * the next, but the differences of times do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/export/trace_exporter.h"
#include "user/export/trace_html.h"
#include "user/export/trace_html_page.h"
#include "user/export/trace_slots.h"

#define CHUNK 49152 /* bytes of events per script; a multiple of 3 */
#define LONGEST 80 /* bytes of an event */

/* Kinds and flags as in page/data.js. */
enum {
	KIND_HOLD,
	KIND_WAIT,
	KIND_GC,
	KIND_IO,
	KIND_TO_GIL,
	KIND_OFF_CPU,
	KIND_CONTENDED,
	KIND_CALL,
	KIND_LOOP, /* an iteration that blocked its event loop, a step that took as long */
	KIND_STEP,
	KIND_FT
};
enum { FLAG_SPECIAL = 16, FLAG_MID = 32, FLAG_OPEN = 64 };

/* What is told of a live thread or process. */
struct who {
	u32 id, pid; /* id: tid or pid */
	u64 since_ns;
	u32 number; /* in the page */
};

struct html {
	struct out *out;
	const struct trace_info *info;
	struct trace_slots threads, procs; /* of struct who, owned */
	u32 nthreads, nprocs; /* numbers given */
	bool in_who; /* within a "who" script */
	u64 last_ns; /* end of the last event, since the recording began */
	u64 skipped; /* events of unknown threads and processes */
	size_t used;
	u8 chunk[CHUNK];
};

static void put_varint(struct html *h, u64 v)
{
	for (; v >= 0x80; v >>= 7)
		h->chunk[h->used++] = (u8)(v | 0x80);
	h->chunk[h->used++] = (u8)v;
}

static void put_zigzag(struct html *h, s64 v)
{
	put_varint(h, ((u64)v << 1) ^ (u64)(v >> 63));
}

static void who_end(struct html *h)
{
	if (h->in_who)
		out_str(h->out, "]</script>\n");
	h->in_who = false;
}

/* The beginning of an object in a "who" script. */
static void who_next(struct html *h)
{
	out_str(h->out, h->in_who ? ",\n" : "<script type=\"application/json\" class=\"who\">[");
	h->in_who = true;
}

static void flush_events(struct html *h)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[4096];
	size_t n = 0;

	if (!h->used)
		return;
	who_end(h);
	out_str(h->out, "<script type=\"text/plain\" class=\"events\">");
	for (size_t i = 0; i < h->used; i += 3) {
		size_t left = h->used - i;
		u32 v = (u32)h->chunk[i] << 16 | (left > 1 ? (u32)h->chunk[i + 1] << 8 : 0) |
			(left > 2 ? h->chunk[i + 2] : 0);

		text[n++] = digits[v >> 18];
		text[n++] = digits[v >> 12 & 63];
		text[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
		text[n++] = left > 2 ? digits[v & 63] : '=';
		if (n == sizeof(text)) {
			out_bytes(h->out, text, n);
			n = 0;
		}
	}
	out_bytes(h->out, text, n);
	out_str(h->out, "</script>\n");
	h->used = 0;
}

static void put_info(struct html *h)
{
	const struct trace_info *info = h->info;
	struct out *o = h->out;
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "directory", info->directory }, { "gilscope", info->gilscope },
		{ "kernel", info->kernel },	  { "host", info->host },
		{ "command", info->command },	  { "mode", info->mode },
	};

	out_str(o, "<script type=\"application/json\" id=\"info\">{");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		out_json(o, texts[i].name);
		out_char(o, ':');
		out_json(o, texts[i].text ? texts[i].text : "");
		out_char(o, ',');
	}
	out_str(o, "\"calls\":[");
	for (u32 i = 0; i < GS_IO_COUNT; i++) {
		out_str(o, i ? "," : "");
		out_json(o, event_call_name(i));
	}
	/* As text: JavaScript's numbers end at 2^53. */
	out_printf(o, "],\"started_unix_ns\":\"%llu\",\"hit_ns\":%llu}</script>\n",
		   (unsigned long long)info->started_unix_ns, (unsigned long long)info->hit_ns);
}

static int begin(struct trace_export *x)
{
	struct html *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	x->state = h;
	h->out = x->out;
	h->info = x->info;
	out_str(h->out, html_page_head);
	out_str(h->out, html_page_style);
	out_str(h->out, "</style>\n");
	out_str(h->out, html_page_body);
	put_info(h);
	return 0;
}

static u64 since_start(const struct html *h, u64 ts_ns)
{
	return ts_ns > h->info->started_ns ? ts_ns - h->info->started_ns : 0;
}

/* What is kept at @index, new or not; NULL without memory.  @ret_new: it is not yet told. */
static struct who *who_at(struct trace_slots *slots, u32 index, u32 id, u32 pid, u64 since_ns,
			  bool *ret_new)
{
	void **slot = trace_slot(slots, index);
	struct who *w = slot ? *slot : NULL;

	*ret_new = false;
	if (!slot || (w && w->id == id && w->pid == pid && w->since_ns == since_ns))
		return w;
	if (!w)
		*slot = w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	*w = (struct who) { .id = id, .pid = pid, .since_ns = since_ns };
	*ret_new = true;
	return w;
}

static struct who *process_of(struct html *h, const struct trace_process *p)
{
	bool new;
	struct who *w = who_at(&h->procs, p->index, p->pid, p->pid, p->since_ns, &new);

	if (!w || !new)
		return w;
	w->number = h->nprocs++;
	who_next(h);
	out_printf(h->out, "{\"process\":%u,\"pid\":%u,\"command\":", w->number, p->pid);
	out_json(h->out, p->command);
	out_char(h->out, '}');
	return w;
}

/* @again: tell of it even if it was told before, for its name. */
static struct who *thread_of(struct html *h, const struct trace_thread *t, bool again)
{
	struct who *p = process_of(h, t->process), *w;
	bool new;

	w = p ? who_at(&h->threads, t->index, t->tid, t->process->pid, t->start_ns, &new) : NULL;
	if (!w || (!new && !again))
		return w;
	if (new)
		w->number = h->nthreads++;
	who_next(h);
	out_printf(h->out, "{\"thread\":%u,\"process\":%u,\"tid\":%u,\"name\":", w->number,
		   p->number, t->tid);
	out_json(h->out, t->name);
	out_char(h->out, '}');
	return w;
}

static void put_details(struct html *h, u32 kind, const struct event *ev)
{
	switch (kind) {
	case KIND_WAIT:
		put_varint(h, ev->kind == EVENT_WAIT ? ev->holder : 0); /* tid */
		break;
	case KIND_GC: /* what is not known: 0, else one more */
		put_varint(h, ev->generation);
		put_varint(h, ev->kind == EVENT_COLLECTION ? ev->collected + 1 : 0);
		put_varint(h, ev->kind == EVENT_COLLECTION ? ev->uncollectable + 1 : 0);
		break;
	case KIND_IO:
		put_varint(h, ev->call);
		put_zigzag(h, ev->result);
		put_varint(h, ev->blocked_ns);
		put_varint(h, ev->kind == EVENT_IO_WAIT ? ev->to_run_ns + 1 : 0);
		break;
	case KIND_CALL:
		put_varint(h, ev->call);
		put_zigzag(h, ev->result);
		break;
	case KIND_TO_GIL:
		put_varint(h, ev->call);
		break;
	case KIND_FT:
		put_varint(h, ev->ft_time);
		put_varint(h, ev->holder); /* tid */
		break;
	}
}

static void put_event(struct html *h, u32 kind, u32 number, const struct event *ev)
{
	u64 end_ns = since_start(h, ev->ts_ns), begin_ns = since_start(h, event_begin_ns(ev));
	bool special = ev->forced || ev->timeout || ev->preempted;

	if (h->used + LONGEST > sizeof(h->chunk))
		flush_events(h);
	h->chunk[h->used++] = (u8)(kind | (special ? FLAG_SPECIAL : 0) | (ev->mid ? FLAG_MID : 0) |
				   (ev->kind == EVENT_OPEN ? FLAG_OPEN : 0));
	put_varint(h, number);
	put_zigzag(h, (s64)(end_ns - h->last_ns));
	put_varint(h, end_ns - begin_ns);
	put_details(h, kind, ev);
	h->last_ns = end_ns;
}

static void put_lost(struct html *h, const struct event *ev)
{
	u64 begin_ns = since_start(h, event_begin_ns(ev));

	who_next(h);
	out_printf(h->out, "{\"lost\":%llu,\"begin\":%llu,\"end\":%llu,\"cause\":",
		   (unsigned long long)ev->count, (unsigned long long)begin_ns,
		   (unsigned long long)since_start(h, ev->ts_ns));
	out_json(h->out, ev->text[EVENT_LOST_CAUSE]);
	out_char(h->out, '}');
}

/* The page's kind of an event about a thread; -1: not shown. */
static int kind_of(const struct event *ev)
{
	static const int open_kinds[] = { [EVENT_OPEN_HOLD] = KIND_HOLD,
					  [EVENT_OPEN_WAIT] = KIND_WAIT,
					  [EVENT_OPEN_COLLECTION] = KIND_GC,
					  [EVENT_OPEN_IO] = KIND_IO,
					  [EVENT_OPEN_OFF_CPU] = KIND_OFF_CPU };

	switch (ev->kind) {
	case EVENT_HOLD:
		return KIND_HOLD;
	case EVENT_WAIT:
		return KIND_WAIT;
	case EVENT_COLLECTION:
		return KIND_GC;
	case EVENT_IO_WAIT:
		return KIND_IO;
	case EVENT_IO_CALL:
		return KIND_CALL;
	case EVENT_IO_TO_GIL:
		return KIND_TO_GIL;
	case EVENT_OFF_CPU:
		return KIND_OFF_CPU;
	case EVENT_ITERATION: /* all of them would be most of the page */
		return ev->slow ? KIND_LOOP : -1;
	case EVENT_STEP:
		return ev->slow ? KIND_STEP : -1;
	case EVENT_FT_TIME:
		return KIND_FT;
	case EVENT_OPEN:
		return ev->what < sizeof(open_kinds) / sizeof(open_kinds[0]) ? open_kinds[ev->what]
									     : -1;
	default:
		return -1;
	}
}

static int event(struct trace_export *x, const struct event *ev)
{
	struct html *h = x->state;
	int kind = kind_of(ev);
	struct who *w;

	if (ev->kind == EVENT_LOST) {
		put_lost(h, ev);
	} else if (ev->kind == EVENT_CONTENDED || ev->kind == EVENT_PROCESS) {
		w = ev->process ? process_of(h, ev->process) : NULL;
		if (ev->process && !w)
			return -ENOMEM;
		if (w && ev->kind == EVENT_CONTENDED)
			put_event(h, KIND_CONTENDED, w->number, ev);
		h->skipped += !w;
	} else if (kind >= 0 || ev->kind == EVENT_THREAD) {
		w = ev->thread ? thread_of(h, ev->thread, ev->kind == EVENT_THREAD) : NULL;
		if (ev->thread && !w)
			return -ENOMEM;
		if (w && kind >= 0)
			put_event(h, (u32)kind, w->number, ev);
		h->skipped += !w;
	}
	return 0;
}

static int end(struct trace_export *x, const struct figures *f)
{
	struct html *h = x->state;
	int err;

	flush_events(h);
	who_end(h);
	err = html_figures(h->out, f);
	html_histograms(h->out, f, h->skipped);
	if (!err && trace_measures(h->info, GS_FAMILY_STACKS))
		err = html_flame(h->out, f);
	out_str(h->out, "<script>\n");
	out_str(h->out, html_page_script);
	out_str(h->out, "</script>\n</body>\n</html>\n");
	return err;
}

static void free_slots(struct trace_slots *s)
{
	for (u32 i = 0; i < s->n; i++)
		free(s->at[i]);
	trace_slots_free(s);
}

static void done(struct trace_export *x)
{
	struct html *h = x->state;

	if (!h)
		return;
	free_slots(&h->threads);
	free_slots(&h->procs);
	free(h);
	x->state = NULL;
}

const struct trace_exporter_ops trace_html_exporter = {
	.name = "html",
	.help = "one page to look at in a browser: timeline, histograms, tables; needs no network",
	.wants_figures = true,
	.begin = begin,
	.event = event,
	.end = end,
	.done = done,
};
