/*
 * The terminal, the only place that knows curses: carries a canvas there, reads keys.
 *
 * There is one terminal per process.  While it is open, exit() and fatal signals restore it:
 * SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, and SIGTERM, SIGHUP, SIGINT, SIGQUIT as long as the
 * caller left them at their default; handlers the caller has set are not touched.
 */
#ifndef GS_USER_VIEW_TERM_H
#define GS_USER_VIEW_TERM_H

#include "user/base/err.h"
#include "user/view/canvas.h"

/*
 * term_open - take over the terminal on stdin and stdout
 * @ret_utf8: whether the locale in the environment has it show UTF-8; sets LC_CTYPE
 *
 * Return: 0; -ENOTTY (exit code 2) with @e set if they are no terminal or TERM is unknown or
 * cannot address the cursor.
 */
int term_open(bool no_color, bool *ret_utf8, struct err *e);

/* Restore it; safe to call again. */
void term_close(void);

/* Its size now. */
void term_size(int *ret_rows, int *ret_cols);

/* Show @c; if its size is new to curses, all is drawn anew. */
void term_flush(const struct canvas *c);

/* The next key that is waiting: a character or an enum view_key; 0: none.  Never blocks. */
u32 term_key(void);

#endif
