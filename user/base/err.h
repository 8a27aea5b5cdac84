/*
 * Errors as values: a negative errno, the exit code it leads to, and one line
 * for the user.  Library code fills it, main() prints it, once.
 */
#ifndef GS_USER_BASE_ERR_H
#define GS_USER_BASE_ERR_H

#include <stddef.h>

/* Documented exit codes (README, --help). */
enum gs_exit {
	GS_EXIT_OK = 0,
	GS_EXIT_FAILED = 1, /* the measurement failed */
	GS_EXIT_USAGE = 2, /* wrong arguments */
	GS_EXIT_PERM = 3, /* not permitted */
	GS_EXIT_TARGET = 4, /* target not found, gone or not CPython */
	GS_EXIT_UNSUPPORTED = 5, /* by this kernel, or this interpreter */
};

struct err {
	int code; /* enum gs_exit; 0 while nothing was set */
	char text[512]; /* "OBJECT: CAUSE; REMEDY", no newline, printable only */
};

/*
 * errf - set @e, unless it is set already (the first cause is the one to tell)
 * @e:    may be NULL: then only the return value is used
 * @exit: enum gs_exit
 * @ret:  what to return, a negative errno
 *
 * Bytes that are not printable are replaced, so names from a target are safe.
 * Return: @ret.
 */
int errf(struct err *e, enum gs_exit exit, int ret, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
