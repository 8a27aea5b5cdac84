/* I/O wake-ups: how long from being woken to running Python again. */
#include "user/view/panel_values.h"
#include "user/view/view.h"

#define IO_ROWS 16 /* more than there are system calls in the family */

#define GETTER(name, expr) \
	static double name(const void *row, u64 ns) \
	{ \
		const struct fig_io *io = row; \
\
		(void)ns; \
		return expr; \
	}

GETTER(get_calls, per_second(io->calls, ns))
GETTER(get_wakeups, per_second(io->wakeups, ns))
GETTER(get_events, fmt_ratio(io->events, io->calls))
GETTER(get_timeouts, per_second(io->timeouts, ns))
GETTER(get_blocked, quantile_of(&io->blocked, 0.5))
GETTER(get_run, quantile_of(&io->wake_to_run, 0.99))
GETTER(get_gil50, quantile_of(&io->wake_to_gil, 0.5))
GETTER(get_gil99, quantile_of(&io->wake_to_gil, 0.99))
GETTER(get_gil_max, quantile_of(&io->wake_to_gil, 1))

static const char *get_call(const void *row)
{
	const struct fig_io *io = row;

	return io->call;
}

/* clang-format off */
static const struct grid_column columns[] = {
	{ "I/O CALL", UNIT_TEXT, 12, 0, .text = get_call },
	{ "CALLS/s", UNIT_REAL, 7, 0, get_calls },
	{ "WAKES/s", UNIT_REAL, 7, 0, get_wakeups },
	{ "EV/CALL", UNIT_REAL, 7, 3, get_events },
	{ "TIMEO/s", UNIT_REAL, 7, 2, get_timeouts },
	{ "BLOCK50", UNIT_NS, 7, 0, get_blocked },
	{ "TORUN99", UNIT_NS, 7, 0, get_run },
	{ "TOGIL50", UNIT_NS, 7, 0, get_gil50 },
	{ "TOGIL99", UNIT_NS, 7, 0, get_gil99, .warn = 5e6, .bad = 50e6 },
	{ "TOGILMX", UNIT_NS, 7, 0, get_gil_max },
};
/* clang-format on */

void io_panel(const struct view *v, struct canvas *c, struct area a)
{
	const struct fig_process *p = view_process(v);
	const void *rows[IO_ROWS];
	size_t count = 0;
	struct grid g = {
		.columns = columns,
		.ncolumns = sizeof(columns) / sizeof(columns[0]),
		.sort = -1,
		.over_ns = p->measured_ns,
	};

	if (!p->io_measured) {
		panel_unmeasured(c, a, "I/O", "io");
		return;
	}
	for (; p->io && count < p->nio && count < IO_ROWS; count++)
		rows[count] = &p->io[count];
	grid_draw(c, a, &g, rows, count, 0);
	if (!count && a.rows > 1)
		canvas_text(c, a.row + 1, a.col, a.cols, STYLE_DIM, "no such call yet");
}
