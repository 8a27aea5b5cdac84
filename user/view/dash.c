/* The life of the dashboard: terminal, canvas and view brought together. */
#include "user/view/dash.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "user/view/term.h"
#include "user/view/view.h"

struct dash {
	struct view view;
	struct canvas canvas;
};

/* Draw on a canvas as large as the terminal is now. */
static int draw(struct dash *d)
{
	int rows, cols;

	term_size(&rows, &cols);
	if ((rows != d->canvas.rows || cols != d->canvas.cols) &&
	    canvas_resize(&d->canvas, rows, cols))
		return -ENOMEM;
	view_draw(&d->view, &d->canvas);
	term_flush(&d->canvas);
	return 0;
}

int dash_open(const struct dash_opts *opts, struct dash **ret_d, struct err *e)
{
	struct dash *d = calloc(1, sizeof(*d));
	int err = -ENOMEM;

	if (!d)
		return errf(e, GS_EXIT_FAILED, err, "top: out of memory");
	view_init(&d->view, opts);
	err = term_open(opts->no_color, &d->canvas.utf8, e);
	if (!err) {
		err = draw(d);
		if (err)
			errf(e, GS_EXIT_FAILED, err, "top: out of memory");
	}
	if (err) {
		dash_close(d);
		return err;
	}
	*ret_d = d;
	return 0;
}

int dash_show(struct dash *d, const struct figures *interval, const struct figures *total)
{
	int err = view_show(&d->view, interval, total);

	return err ? err : draw(d);
}

enum dash_action dash_input(struct dash *d)
{
	enum dash_action action = DASH_NONE, latest;
	u32 key;

	while (action != DASH_QUIT && (key = term_key())) {
		latest = view_key(&d->view, key);
		if (latest != DASH_NONE)
			action = latest;
	}
	/* without memory for a larger screen the old one stays until the next figures */
	if (action != DASH_QUIT)
		(void)draw(d);
	return action;
}

u64 dash_interval_ns(const struct dash *d)
{
	return d->view.interval_ns;
}

int dash_fd(const struct dash *d)
{
	(void)d;
	return STDIN_FILENO;
}

struct dash *dash_close(struct dash *d)
{
	if (!d)
		return NULL;
	term_close();
	view_done(&d->view);
	canvas_free(&d->canvas);
	free(d);
	return NULL;
}
