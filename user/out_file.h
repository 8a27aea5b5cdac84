/*
 * A file that commands write: it appears under its name when it is complete, or not at all.
 *
 * It is written without a name where the file system can do that, else under another one in the
 * same directory.  What is there already is replaced only if that is asked for, and only a regular
 * file.
 */
#ifndef GS_USER_OUT_FILE_H
#define GS_USER_OUT_FILE_H

#include <stdbool.h>

#include "user/base/err.h"

#define OUT_FILE_PATH 4096

/* Set path and force; the rest is zeroed. */
struct out_file {
	const char *path; /* NULL: stdout */
	bool force; /* replace what is there */
	int fd; /* to write to */
	char dir[OUT_FILE_PATH];
	char temp[OUT_FILE_PATH + 32]; /* its name meanwhile; "": it has none */
};

/* Make it.  0, or a negative errno with @e set: exit code 2 if something is there already. */
int out_file_open(struct out_file *t, struct err *e);

/*
 * out_file_close - close it, under its name if @err is 0; else nothing is left of it
 *
 * Return: @err, or a negative errno with @e set.
 */
int out_file_close(struct out_file *t, int err, struct err *e);

/* "PATH: what @err means"; returns @err. */
int out_file_error(const struct out_file *t, int err, struct err *e);

#endif
