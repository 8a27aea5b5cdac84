/*
 * The live dashboard.  It draws figures and reads keys; it knows no family, no BPF map.
 *
 * One thread.  The caller waits on dash_fd() and for its own interval, calls dash_input()
 * when the terminal has input or was resized (SIGWINCH) and dash_show() with every new set
 * of figures.  The terminal is restored by dash_close(), at exit() and on fatal signals.
 */
#ifndef GS_USER_VIEW_DASH_H
#define GS_USER_VIEW_DASH_H

#include "user/base/err.h"
#include "user/model/figures.h"

struct dash;

struct dash_opts {
	u64 interval_ns; /* to begin with */
	bool no_color;
	/* Writes a snapshot of @f as JSON to @path (never through a symlink, never over a
	 * file); 0 or a negative errno.  Given by the caller: views do not include exporters. */
	int (*save)(const struct figures *f, const char *path);
};

enum dash_action { DASH_NONE, DASH_QUIT, DASH_INTERVAL /* dash_interval_ns() changed */ };

/*
 * dash_open - take over the terminal
 * Return: 0; -ENOTTY (exit code 2) if stdout is no terminal, or TERM is unknown or dumb,
 * with @e set; -ENOMEM.
 */
int dash_open(const struct dash_opts *opts, struct dash **ret_d, struct err *e);

/* Draw; keeps copies of what it needs.  0 or -ENOMEM. */
int dash_show(struct dash *d, const struct figures *interval, const struct figures *total);

/* Read and act on all pending keys, or a resize.  Never blocks. */
enum dash_action dash_input(struct dash *d);

u64 dash_interval_ns(const struct dash *d);

/* Descriptor to wait on for keys. */
int dash_fd(const struct dash *d);

/* Restore the terminal.  NULL is fine.  Returns NULL. */
struct dash *dash_close(struct dash *d);

#endif
