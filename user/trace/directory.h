/* The directory of a new recording: made, or emptied of another recording, and nothing else. */
#ifndef GS_USER_TRACE_DIRECTORY_H
#define GS_USER_TRACE_DIRECTORY_H

#include "bpf/types.h"
#include "user/base/err.h"

struct directory {
	char *path; /* owned; as given, without slashes at the end */
	int fd;
	u32 uid, gid; /* whom files in it are given to */
	bool made; /* by us, now */
};

/* See trace_writer_open().  On error it is as directory_close() leaves it. */
int directory_open(struct directory *d, const char *path, bool force, struct err *e);

/* A new file of mode 0600 in it, open for writing; or a negative errno. */
int directory_create(const struct directory *d, const char *name);

/* Remove the metadata, and the directory if it was made. */
void directory_undo(struct directory *d);

void directory_close(struct directory *d);

#endif
