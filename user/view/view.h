/*
 * What the dashboard shows and how: the state behind the keys, and the panels that draw it.
 * No terminal in here: view_draw() fills a canvas, view_key() changes the state.
 *
 *   screen.c   lays the panels out          keys.c   what each key does
 *   view.c     takes over new figures       *_panel.c, header.c, help.c   one part each
 *   *_screen.c take the place of all panels
 */
#ifndef GS_USER_VIEW_VIEW_H
#define GS_USER_VIEW_VIEW_H

#include "user/model/fig_rows.h"
#include "user/model/fig_stacks.h"
#include "user/model/figures.h"
#include "user/model/findings.h"
#include "user/view/canvas.h"
#include "user/view/dash.h"
#include "user/view/grid.h"

#define VIEW_HISTORY 240 /* intervals a sparkline goes back */
#define VIEW_FILTER 64
#define VIEW_MIN_ROWS 12
#define VIEW_MIN_COLS 60

/* Keys: a character as it is, or one of these. */
enum view_key {
	VIEW_KEY_UP = 0x110000, /* beyond Unicode */
	VIEW_KEY_DOWN,
	VIEW_KEY_LEFT,
	VIEW_KEY_RIGHT,
	VIEW_KEY_PAGE_UP,
	VIEW_KEY_PAGE_DOWN,
	VIEW_KEY_HOME,
	VIEW_KEY_END,
	VIEW_KEY_BACKSPACE,
	VIEW_KEY_ENTER,
	VIEW_KEY_ESC,
	VIEW_KEY_TAB,
	VIEW_KEY_BACK_TAB,
};

/* What is below the header. */
enum view_screen {
	SCREEN_PANELS,
	SCREEN_THREAD, /* one thread, opened */
	SCREEN_BLAME, /* holders by waiters */
	SCREEN_FLAME, /* the tree of calls */
};

/* How much of the time the GIL of one process was held, interval by interval. */
struct history {
	u32 pid;
	bool seen; /* in the last reading */
	size_t n;
	u8 held[VIEW_HISTORY]; /* percent; SPARK_NONE */
};

/* A row of the threads table. */
struct view_thread {
	const struct fig_thread *thread;
	const struct fig_process *process;
	bool holds; /* its GIL, now */
};

struct view {
	struct figures *interval, *total; /* owned; NULL before the first reading */
	u64 interval_ns; /* between readings */
	size_t proc; /* which process is shown */
	u32 pid; /* the same, by pid: processes come and go */
	bool since_start; /* figures of the whole time instead of the interval's */
	bool paused;
	bool help;
	bool listing; /* all findings, on a screen of their own */
	enum view_screen screen;
	enum fig_stack_weight by; /* what functions are weighed by there */
	u32 tid; /* the thread marked, or opened */
	bool marked; /* it was chosen; else the first row is marked */
	u32 flame_tid; /* of one thread only; 0: of all */
	size_t across; /* first column of the blame matrix shown */
	struct findings findings; /* of view_figures(), as of the last drawing */
	bool all; /* all processes are shown, not one */
	bool chosen; /* the user said which; else all are as soon as there are several */
	int move; /* rows a mark is to go down, once it is known where it is */
	int sort; /* column of the threads table */
	int sort_processes; /* column of the processes table */
	bool reverse;
	char filter[VIEW_FILTER]; /* part of thread names to show; "": all */
	bool filtering; /* keys go into the filter */
	size_t scroll; /* first thread, or line of the help, shown */
	size_t page; /* threads shown at once, when last drawn */
	char message[160]; /* of the last action; shown until the next key */
	struct history *history;
	size_t nhistory;
	const void **rows; /* scratch of the panels that sort; room for nrows */
	size_t nrows;
	struct view_thread *threads; /* likewise of the threads table */
	size_t nthreads;
	struct fig_ended ended; /* what a row may point to */
	int (*save)(const struct figures *f, const char *path);
};

void view_init(struct view *v, const struct dash_opts *opts);
void view_done(struct view *v);

/* Take copies of new figures, unless paused.  Either may be NULL.  0 or -ENOMEM: then the old
 * ones stay. */
int view_show(struct view *v, const struct figures *interval, const struct figures *total);

/* What is on show: NULL before the first reading. */
const struct figures *view_figures(const struct view *v);
const struct fig_process *view_process(const struct view *v);
const struct history *view_history(const struct view *v);

/* Its busiest GIL, or NULL. */
const struct fig_gil *view_gil(const struct fig_process *p);

/* All processes at once: asked for, or by itself, and there are several. */
bool view_shows_all(const struct view *v);

/* Show the process @step further on, around the ends. */
void view_switch(struct view *v, int step);

/* Room for @count pointers in v->rows.  False without memory. */
bool view_rows(struct view *v, size_t count);

/* A key where one of the screens takes the panels' place; false: it does what it always does. */
bool view_screen_key(struct view *v, u32 key);

/* Arrows and the like: move what is shown. */
void view_scroll(struct view *v, u32 key);

/* Act on a key (a Unicode character or an enum view_key). */
enum dash_action view_key(struct view *v, u32 key);

/* Draw everything. */
void view_draw(struct view *v, struct canvas *c);

/* The panels.  Each draws into its area, clipped, and has a process to show. */
int header_rows(const struct view *v);
void header_draw(const struct view *v, struct canvas *c, struct area a);
void footer_draw(const struct view *v, struct canvas *c, struct area a);
void gil_panel(const struct view *v, struct canvas *c, struct area a);
/* Rows it wants on a screen of so many: with several GILs, one more for each. */
int gil_panel_rows(const struct fig_process *p, int screen_rows);
void threads_panel(struct view *v, struct canvas *c, struct area a);
void threads_of_all(struct view *v, struct canvas *c, struct area a);
void processes_panel(struct view *v, struct canvas *c, struct area a);
void gc_panel(const struct view *v, struct canvas *c, struct area a);
void io_panel(const struct view *v, struct canvas *c, struct area a);
void asyncio_panel(struct view *v, struct canvas *c, struct area a);
void types_panel(struct view *v, struct canvas *c, struct area a);
void help_draw(struct view *v, struct canvas *c);
void findings_draw(struct view *v, struct canvas *c);
void thread_screen(struct view *v, struct canvas *c, struct area a);
void blame_screen(struct view *v, struct canvas *c, struct area a);
void flame_screen(struct view *v, struct canvas *c, struct area a);

/* Is there a finding about what is on show?  Then the worst has a line in the header. */
bool findings_any(const struct view *v);
void findings_line(const struct view *v, struct canvas *c, struct area a);

/* "GC  not measured (--with gc)" in the area's first line. */
void panel_unmeasured(struct canvas *c, struct area a, const char *title, const char *family);

/* Columns of the threads table, for the keys that choose one and for the help. */
extern const struct grid_column *const threads_columns;
extern const int threads_ncolumns;
extern const struct grid_column processes_columns[];
extern const int processes_ncolumns;

#endif
