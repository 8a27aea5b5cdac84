/* What each key does.  The list itself, for people, is in help.c. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/base/fmt.h"
#include "user/view/view.h"

#define CTRL_U 0x15
#define MOVE_END 1000000 /* beyond the first and the last process */

/* Append one character to the filter as UTF-8, if there is room. */
static void filter_add(struct view *v, u32 cp)
{
	char mb[5] = { 0 };
	size_t len = strlen(v->filter);

	if (cp < 0x80) {
		mb[0] = (char)cp;
	} else if (cp < 0x800) {
		mb[0] = (char)(0xc0 | cp >> 6);
		mb[1] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		mb[0] = (char)(0xe0 | cp >> 12);
		mb[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		mb[2] = (char)(0x80 | (cp & 0x3f));
	} else {
		mb[0] = (char)(0xf0 | cp >> 18);
		mb[1] = (char)(0x80 | (cp >> 12 & 0x3f));
		mb[2] = (char)(0x80 | (cp >> 6 & 0x3f));
		mb[3] = (char)(0x80 | (cp & 0x3f));
	}
	if (len + strlen(mb) < sizeof(v->filter))
		memcpy(v->filter + len, mb, strlen(mb) + 1);
}

/* From the first row on. */
static void unmark(struct view *v)
{
	v->scroll = 0;
	v->move = 0;
	v->marked = false;
}

static void filter_key(struct view *v, u32 key)
{
	size_t len = strlen(v->filter);

	unmark(v);
	switch (key) {
	case VIEW_KEY_ENTER:
		v->filtering = false;
		return;
	case VIEW_KEY_ESC:
		v->filtering = false;
		*v->filter = '\0';
		return;
	case CTRL_U:
		*v->filter = '\0';
		return;
	case VIEW_KEY_BACKSPACE:
		while (len && (v->filter[--len] & 0xc0) == 0x80)
			;
		v->filter[len] = '\0';
		return;
	default:
		if (key >= 0x20 && key != 0x7f && key < VIEW_KEY_UP)
			filter_add(v, key);
	}
}

/* The arrows move the mark: of the processes where all are shown, else of the threads. */
static void move_key(struct view *v, u32 key)
{
	int page = v->page ? (int)v->page : 1;

	switch (key) {
	case VIEW_KEY_UP:
		v->move--;
		break;
	case VIEW_KEY_DOWN:
		v->move++;
		break;
	case VIEW_KEY_PAGE_UP:
		v->move -= page;
		break;
	case VIEW_KEY_PAGE_DOWN:
		v->move += page;
		break;
	case VIEW_KEY_HOME:
		v->move = -MOVE_END;
		break;
	case VIEW_KEY_END:
		v->move = MOVE_END;
		break;
	default:
		break;
	}
}

void view_scroll(struct view *v, u32 key)
{
	size_t page = v->page ? v->page : 1, up = 0;

	switch (key) {
	case VIEW_KEY_UP:
		up = 1;
		break;
	case VIEW_KEY_PAGE_UP:
		up = page;
		break;
	case VIEW_KEY_HOME:
		up = v->scroll;
		break;
	case VIEW_KEY_DOWN:
		v->scroll++;
		break;
	case VIEW_KEY_PAGE_DOWN:
		v->scroll += page;
		break;
	case VIEW_KEY_END:
		v->scroll = SIZE_MAX / 2; /* drawing brings it back */
		break;
	default:
		break;
	}
	v->scroll -= up < v->scroll ? up : v->scroll;
}

/* 0.1 s to 60 s, in steps that people use. */
static enum dash_action change_interval(struct view *v, bool longer)
{
	static const u64 steps_ms[] = { 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000 };
	const size_t count = sizeof(steps_ms) / sizeof(steps_ms[0]);
	u64 now = v->interval_ns, next = now;

	for (size_t i = 0; longer && next == now && i < count; i++)
		if (steps_ms[i] * 1000000 > now)
			next = steps_ms[i] * 1000000;
	for (size_t i = count; !longer && next == now && i-- > 0;)
		if (steps_ms[i] * 1000000 < now)
			next = steps_ms[i] * 1000000;
	snprintf(v->message, sizeof(v->message), "New figures every %s.", fmt_ns(next).s);
	v->interval_ns = next;
	return next == now ? DASH_NONE : DASH_INTERVAL;
}

static void save(struct view *v)
{
	const struct figures *f = view_figures(v);
	time_t now = (time_t)(clock_real_ns() / 1000000000);
	struct tm tm;
	char when[32] = "", path[64];
	int err;

	if (!f || !v->save) {
		snprintf(v->message, sizeof(v->message), "Nothing to save yet.");
		return;
	}
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	snprintf(path, sizeof(path), "gilscope-%u-%s.json", v->pid, when);
	err = v->save(f, path);
	if (err)
		snprintf(v->message, sizeof(v->message), "%s: not saved: %s", path, strerror(-err));
	else
		snprintf(v->message, sizeof(v->message), "Saved %s.", path);
}

/* All processes, or the marked one. */
static void show_all(struct view *v, bool all)
{
	v->all = all;
	v->chosen = true;
	v->move = 0;
	v->scroll = 0;
}

/* The marked thread, on a screen of its own. */
static void open_thread(struct view *v)
{
	v->scroll = 0;
	if (!v->tid) {
		snprintf(v->message, sizeof(v->message), "No thread is marked.");
		return;
	}
	v->marked = true;
	v->screen = SCREEN_THREAD;
}

static void sort_by(struct view *v, int step)
{
	unmark(v);
	if (view_shows_all(v)) {
		v->sort_processes =
			(v->sort_processes + processes_ncolumns + step) % processes_ncolumns;
		return;
	}
	v->sort = (v->sort + threads_ncolumns + step) % threads_ncolumns;
}

static void toggle(struct view *v, u32 key)
{
	switch (key) {
	case 'p':
	case ' ':
		v->paused = !v->paused;
		return;
	case 'r':
		v->reverse = !v->reverse;
		unmark(v);
		return;
	case 't':
		v->since_start = !v->since_start;
		return;
	case '?':
	case 'h':
		v->help = true;
		v->scroll = 0;
		return;
	case 'f':
		v->listing = true;
		v->scroll = 0;
		return;
	case '/':
		v->filtering = true;
		return;
	case VIEW_KEY_ESC:
		*v->filter = '\0';
		return;
	default:
		move_key(v, key);
	}
}

/* On a screen of its own: help, or the findings. */
static enum dash_action page_key(struct view *v, u32 key)
{
	bool back = v->help ? key == '?' || key == 'h' : key == 'f';

	if (!back && key != 'q' && key != VIEW_KEY_ESC && key != VIEW_KEY_ENTER) {
		view_scroll(v, key);
		return DASH_NONE;
	}
	v->help = v->listing = false;
	v->scroll = 0;
	return DASH_NONE;
}

enum dash_action view_key(struct view *v, u32 key)
{
	*v->message = '\0';
	if (v->filtering) {
		filter_key(v, key);
		return DASH_NONE;
	}
	if (v->help || v->listing)
		return page_key(v, key);
	if (v->screen != SCREEN_PANELS && view_screen_key(v, key))
		return DASH_NONE;
	switch (key) {
	case 'q':
	case 'Q':
		return DASH_QUIT;
	case '+':
	case '=':
		return change_interval(v, true);
	case '-':
		return change_interval(v, false);
	case 's':
	case '>':
	case VIEW_KEY_RIGHT:
		sort_by(v, 1);
		break;
	case '<':
	case VIEW_KEY_LEFT:
		sort_by(v, -1);
		break;
	case 'n':
	case VIEW_KEY_TAB:
		view_switch(v, 1);
		break;
	case 'N':
	case VIEW_KEY_BACK_TAB:
		view_switch(v, -1);
		break;
	case 'a':
		show_all(v, !v->all);
		break;
	case VIEW_KEY_ENTER:
		if (view_shows_all(v))
			show_all(v, false);
		else
			open_thread(v);
		break;
	case 'b':
	case 'F':
		if (view_shows_all(v))
			show_all(v, false); /* of the marked process */
		v->scroll = 0;
		v->screen = key == 'b' ? SCREEN_BLAME : SCREEN_FLAME;
		break;
	case 'S':
		save(v);
		break;
	default:
		toggle(v, key);
	}
	return DASH_NONE;
}
